"""Numbers as text, alike in both languages."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

SHARE, COUNT, SECONDS = 2, 1, 2
_PLAIN = {"tokens": 0, "calls": COUNT, "searches": COUNT}


def digits(measure: str) -> int:
    """Decimals that a figure of this measure deserves."""
    return _PLAIN.get(measure, SECONDS if "seconds" in measure else SHARE)


def number(value: float | None, decimals: int = SHARE, *, sign: bool = False) -> str:
    """With a real minus; "?" for what cannot be told."""
    if value is None:
        return "?"
    text = f"{_rounded(abs(value), decimals):,f}"
    zero = not text.strip("0.,")
    before = "" if zero else "−" if value < 0 else "+" if sign else ""
    return before + text


def span(low: float | None, high: float | None, decimals: int) -> str:
    """An interval as "0.41–0.58"; "" for none."""
    if low is None and high is None:
        return ""
    return f"{number(low, decimals)}–{number(high, decimals)}"


def chance(p: float) -> str:
    """A p-value as "0.012" or "< 0.001"."""
    return "< 0.001" if p < 0.001 else f"{_rounded(p, 3):f}"


def _rounded(value: float, decimals: int) -> Decimal:
    """Halves go up, as in the page's script."""
    return Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
