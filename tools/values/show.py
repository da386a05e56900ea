"""Values as short answers in English or Korean. Pure."""

from __future__ import annotations

import calendar
from fractions import Fraction

from churon.tools.types import Language
from churon.tools.values.units import UNITS, Unit
from churon.tools.values.value import Value

_DECIMALS = 2


def show(value: Value, language: Language) -> str:
    """ "3.5 km", "198명", "12 March 1998", "기원전 490년"; at most two decimals."""
    if value.kind == "date":
        return _date_ko(value) if language == "ko" else _date_en(value)
    return show_amount(value.amount, value.unit, language)


def show_amount(amount: Fraction, unit: Unit, language: Language) -> str:
    """An amount in the dimension's base unit, written in `unit`."""
    if language == "ko" and unit == UNITS["decade"]:  # "3십년" is no Korean
        unit = UNITS["년"]
    text = show_number(amount / unit.factor - unit.offset)
    label = unit.korean if language == "ko" else unit.english
    if not label or (label.isascii() is False and language == "en" and label[0] not in "°m"):
        return text if not label else f"{text} {label}"
    joined = (language == "ko" and not label.isascii()) or label[0] in "%°"
    if language == "en" and text == "1" and len(label) > 3 and label.endswith("s"):
        label = label.removesuffix("s")
    return f"{text}{label}" if joined else f"{text} {label}"


def show_number(number: Fraction) -> str:
    """With thousands separators and at most two decimals."""
    rounded = round(number, _DECIMALS)
    whole = f"{float(rounded):,.{_DECIMALS}f}" if rounded.denominator > 1 else f"{int(rounded):,}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def _date_en(value: Value) -> str:
    era = " BC" if value.year < 0 else ""
    month = "" if value.month is None else f"{calendar.month_name[value.month]} "
    day = "" if value.day is None else f"{value.day} "
    return f"{day}{month}{abs(value.year)}{era}"


def _date_ko(value: Value) -> str:
    era = "기원전 " if value.year < 0 else ""
    month = "" if value.month is None else f" {value.month}월"
    day = "" if value.day is None else f" {value.day}일"
    return f"{era}{abs(value.year)}년{month}{day}"
