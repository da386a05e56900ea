"""Settings of `churon serve`: where it listens, who may ask, and how much at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

KeyName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class ServeKey(BaseModel):
    """One API key; the key itself is not kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the key, in hexadecimal digits. `churon serve --new-key` prints both."""
    tenant: str | None = Field(None, min_length=1, max_length=200)
    """The only tenant that this key can ask; None: the settings' own, and where other keys have
    one, what belongs to no tenant.
    """


class ServeSettings(BaseModel):
    """The HTTP server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = "127.0.0.1"
    """Another address than loopback needs `keys`."""
    port: int = Field(8_000, ge=0, le=65_535)
    """0 takes a free one."""
    keys: dict[KeyName, ServeKey] = Field(default_factory=dict)
    """By name, which logs show; without any, only this machine may ask."""
    runs: int = Field(16, ge=1, le=1_024)
    """Runs at once; a request beyond them is refused with 429."""
    batch: int = Field(16, ge=1, le=1_024)
    """Most questions of one LangServe batch."""
    seconds: float = Field(900.0, gt=0, le=86_400)
    """One request, from its body to the end of its answer; `context.limits.seconds` ends a run
    earlier, and with the best answer so far."""
    max_bytes: int = Field(1_000_000, ge=1_000, le=100_000_000)
    """Most bytes of a request's body."""
    drain: float = Field(20.0, ge=0, le=3_600)
    """Seconds that runs may go on after SIGTERM; what still runs then is cancelled."""
    models: list[str] = Field(default_factory=list)
    """Chat models that clients may name in a context, besides the settings' own."""
    collections: list[str] = Field(default_factory=list)
    """Collections that clients may name in a context, besides the settings' own."""
