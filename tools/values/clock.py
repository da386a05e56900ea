"""Times of day in English and Korean: 07:30, 7:30 am, 오전 7시 30분. Pure."""

from __future__ import annotations

import re

_CLOCK = re.compile(
    r"(?:at |by )?(?:(?P<half>오전|오후) ?)?(?P<hour>\d{1,2})"
    r"(?::(?P<minute>[0-5]\d)(?::00)?|시(?: ?(?P<korean>[0-5]?\d)분)?)?"
    r"(?: ?(?P<suffix>[ap])\.?m\b\.?)?(?:에|입니다|이다)?\.?",
    re.IGNORECASE,
)

_HOURS = (range(24), range(1, 13))
"""Without am or pm, and with it."""


def clock(text: str) -> str | None:
    """A text that is one time of day, on 24 hours: "07:30"; None for any other.

    One without am or pm is read on 24 hours.
    """
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return None
    half = {"오전": "a", "오후": "p"}.get(found["half"], (found["suffix"] or "").lower())
    hour, minute = int(found["hour"]), int(found["minute"] or found["korean"] or 0)
    if not (half or found["minute"] or "시" in text) or hour not in _HOURS[bool(half)]:
        return None
    if half:
        hour = hour % 12 + 12 * (half == "p")
    return f"{hour:02}:{minute:02}"
