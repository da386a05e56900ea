"""Where traces go: whether it is there, and takes the keys."""

from __future__ import annotations

import httpx

from churon.cli.checks.finding import Finding, error, ok, warning
from churon.cli.checks.server import SECONDS
from churon.tools.addresses import shown
from churon.tools.settings import Settings
from churon.tools.trace_settings import LangfuseSettings, TraceSettings
from churon.tools.tracing.door import langfuse_on, otlp_on


def tracing(settings: Settings) -> list[Finding]:
    """Langfuse with both keys or none, and a collector where one is asked for."""
    found = [_langfuse(settings.langfuse)] if langfuse_on(settings) else [_off(settings.langfuse)]
    return [*found, _collector(settings.trace)] if otlp_on(settings) else found


def _off(keys: LangfuseSettings) -> Finding:
    if not keys.public_key and not keys.secret_key:
        return ok("tracing", "Langfuse is off")
    lacks = "secret_key" if keys.public_key else "public_key"
    return warning(
        "tracing",
        "one Langfuse key of two is set: nothing is traced",
        f"Set langfuse.{lacks} too, or remove the other.",
    )


def _langfuse(keys: LangfuseSettings) -> Finding:
    from churon.tools.tracing.langfuse import credentials

    host = shown(keys.host)
    url = f"{keys.host.rstrip('/')}/api/public/projects"
    try:
        status = httpx.get(url, auth=credentials(keys), timeout=SECONDS).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as failure:
        what = str(failure) or type(failure).__name__
        return error(
            "tracing", f"{host} does not answer: {shown(what)}", "Check langfuse.host, or start it."
        )
    if status == 200:
        return ok("tracing", f"Langfuse is on, {host} takes the keys")
    if status in (401, 403):
        return error(
            "tracing",
            f"{host} refuses the Langfuse keys",
            "Take both from that project's settings; each region has its own langfuse.host.",
        )
    return error("tracing", f"{host} answers with status {status}", "Check langfuse.host.")


def _collector(wanted: TraceSettings) -> Finding:
    from churon.tools.tracing.otlp import address, refusal

    place = shown(address(wanted))
    if not (why := refusal(wanted, min(wanted.timeout, SECONDS))):
        return ok("collector", f"{place} takes spans")
    return error(
        "collector",
        f"{place} takes no spans: {shown(why)}",
        "Check trace.endpoint with its path (mostly /v1/traces), trace.headers, or the "
        "OTEL_EXPORTER_OTLP_* variables.",
    )
