"""`churon serve`: the graphs over HTTP, and the keys that open them."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from churon.cli.tenant import ingesting
from churon.tools.errors import InputError, ModelMissing
from churon.tools.settings import Settings

_NEEDED = ("fastapi", "uvicorn", "sse_starlette", "langserve", "mcp", "prometheus_client")


def run(settings: Settings, host: str | None, port: int | None) -> int:
    """Serve until SIGTERM or Ctrl-C; exit status 0 then."""
    _refuse_without_packages()
    from churon.serving.server import serve

    given: dict[str, Any] = {"host": host, "port": port}
    over = {name: value for name, value in given.items() if value is not None}
    wanted = settings.serve.model_copy(update=over)
    serve(settings.model_copy(update={"serve": wanted}))
    return 0


def make_key(tenant: str | None) -> int:
    """Print a new key, once, and the settings line that admits it."""
    from churon.serving.keys import new_key

    key, line = new_key(tenant)
    asks = f" It asks only what was read with `{ingesting(tenant)}`." if tenant else ""
    told = f"Shown once.{asks} Put this into churon.toml:\n\n[serve.keys]\n{line}"
    sys.stdout.write(f"{key}\n\n{told}\n")
    return 0


def refuse_tenant_alone(tenant: str | None) -> None:
    """Raise InputError where a tenant is named and no key is made."""
    if tenant is not None:
        raise InputError(
            f"--tenant {tenant} says whose a new key is, and none is made.",
            remedy="Add --new-key; a server takes the tenant from each request's key.",
        )


def _refuse_without_packages() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ModelMissing(
            f"`churon serve` needs {', '.join(missing)}.", remedy="pip install 'churon[serve]'"
        )
