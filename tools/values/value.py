"""One parsed value, a number or a date, and the order of two. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from churon.tools.values.units import PLAIN, Unit

_ABOUT = Fraction(1, 10)
"""Two amounts, one of them "about", must differ by more than this share to have an order."""
_ABOUT_YEARS = 20


@dataclass(frozen=True)
class Value:
    """A number in its dimension's base unit, or a date."""

    kind: Literal["number", "date"]
    amount: Fraction = Fraction(0)
    """Numbers: in the base unit of `unit.dimension` (m, m2, kg, l, s, m/s, K, months, won ...)."""
    unit: Unit = PLAIN
    """The unit that was written, to show results in; for counts, what is counted."""
    year: int = 0
    """Dates: negative before Christ, -490 is 490 BC; there is no year 0."""
    month: int | None = None
    day: int | None = None
    approximate: bool = False
    """Written with "about", "circa", "약" ..."""
    bare: bool = False
    """A lone number such as 1998 that was read as a year and may be a count: see `as_number`."""

    @property
    def dimension(self) -> str:
        """What can be compared: "length", "money:KRW", "time" ...; "" for counts and dates."""
        return self.unit.dimension

    def as_number(self) -> Value:
        """A bare year as the plain number that it may be; anything else unchanged."""
        if not self.bare:
            return self
        return replace(self, kind="number", amount=Fraction(self.year), year=0, bare=False)


def comparable(a: Value, b: Value) -> bool:
    """Whether the two are of one kind and dimension; counts of unlike things are not."""
    if a.kind != b.kind or a.dimension != b.dimension:
        return False
    counted = a.kind == "number" and a.dimension == ""
    return not (counted and a.unit.korean and b.unit.korean and a.unit != b.unit)


def order(a: Value, b: Value) -> int | None:
    """-1, 0 or 1 as `a` is smaller (earlier), equal or greater (later); None when undecidable.

    Undecidable are unlike dimensions, approximate values that are close, and dates that agree as
    far as both go while one goes further. 0 for two dates means equal at their precision.
    """
    if not comparable(a, b):
        return None
    if a.approximate or b.approximate:
        return _order_about(a, b)
    if a.kind == "number":
        return (a.amount > b.amount) - (a.amount < b.amount)
    for x, y in ((a.year, b.year), (a.month, b.month), (a.day, b.day)):
        if x is None or y is None:
            return 0 if x is y else None
        if x != y:
            return 1 if x > y else -1
    return 0


def _order_about(a: Value, b: Value) -> int | None:
    x, y = (Fraction(v.year) if v.kind == "date" else v.amount for v in (a, b))
    slack = Fraction(_ABOUT_YEARS) if a.kind == "date" else _ABOUT * max(abs(x), abs(y))
    if abs(x - y) <= slack:
        return None
    return 1 if x > y else -1
