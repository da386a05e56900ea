"""Settings of tracing: where spans go, and what of a run they show."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from churon.tools.setting_values import HeaderSecret

Hidden = Literal["question", "passages", "answer"]
# ASCII: Hangul is \w too, and Korean writes its particles right behind a number
_BEFORE, _AFTER = r"(?<![A-Za-z_\d])(?<!\d[.-])", r"(?![A-Za-z_\d])"
PATTERNS = {
    # bounded, as mail's own names are: else a long run of letters takes quadratic time
    "email": r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+",
    "phone": rf"\+\d[\d ().-]{{6,16}}\d{_AFTER}"
    rf"|{_BEFORE}\(?0\d{{1,3}}\)?[ .-]?\d{{3,4}}[ .-]?\d{{4}}{_AFTER}"
    rf"|{_BEFORE}\d{{3}}[ .-]\d{{3}}[ .-]\d{{4}}{_AFTER}",
}
"""What `trace.redact` knows by name."""

_WORD = re.compile(r"[a-z][a-z0-9_-]*")


def _pattern(given: str) -> str:
    if given in PATTERNS:
        return given
    if _WORD.fullmatch(given):  # rather a misspelt name, which would blot out nothing
        known = ", ".join(PATTERNS)
        raise ValueError(rf"no known name ({known}); a word itself is written as \b{given}\b")
    try:
        matches_nothing = re.search(given, "") is not None
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if matches_nothing:
        raise ValueError("a regular expression that the empty text matches too")
    return given


class LangfuseSettings(BaseModel):
    """Langfuse; off while the keys are absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    public_key: str | None = None
    secret_key: SecretStr | None = None
    host: str = "https://cloud.langfuse.com"
    timeout: int = Field(5, ge=1, le=120)
    """Seconds for one delivery, in the background."""
    environment: str = Field("", pattern=r"^[a-z0-9_-]{0,40}$")
    """Such as "production", not beginning with "langfuse"; empty: Langfuse's default."""


class TraceSettings(BaseModel):
    """OpenTelemetry, and what spans show wherever they go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    otlp: bool = False
    """Send spans to the collector that OTEL_EXPORTER_OTLP_* variables name."""
    endpoint: str | None = Field(None, pattern=r"^https?://")
    """A collector's full address, such as http://127.0.0.1:4318/v1/traces; turns `otlp` on."""
    headers: dict[str, HeaderSecret] = Field(default_factory=dict)
    """Sent to the collector, besides those of OTEL_EXPORTER_OTLP_HEADERS."""
    timeout: float = Field(5.0, gt=0, le=120)
    """Seconds for one delivery to the collector, in the background."""
    hide: frozenset[Hidden] = frozenset()
    """Parts of a run that no span shows; prompts may hold all three, and are hidden with any."""
    redact: list[Annotated[str, AfterValidator(_pattern)]] = Field(default_factory=list)
    """What is blotted out of every text: "email", "phone" or a regular expression."""
    chars: int = Field(8_000, ge=100, le=1_000_000)
    """Longest text in a span; the rest is cut off."""
    wait: float = Field(3.0, ge=0, le=60)
    """Seconds that the end of the process may wait for the last spans to be sent."""
