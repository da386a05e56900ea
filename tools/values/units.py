"""Units by their English and Korean spellings, with exact factors. Pure data.

A table and not a units library: only what answers hold may be read as a unit, "men" and "mayor"
must not, and spellings of two meanings (pounds, tons) need a dimension of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Unit:
    """amount = (number + offset) * factor, in the dimension's base unit."""

    dimension: str
    factor: Fraction
    english: str
    """Written after a number; "" for nothing."""
    korean: str
    offset: Fraction = Fraction(0)


PLAIN = Unit("", Fraction(1), "", "")
ORDINAL = Unit("ordinal", Fraction(1), "", "번째")

# dimension, factor, English and Korean label, spellings divided by |
_ROWS: tuple[tuple[str, str, str, str, str], ...] = (
    ("length", "1/1000", "mm", "mm", "mm|millimetre|millimeter|밀리미터"),
    ("length", "1/100", "cm", "cm", "cm|centimetre|centimeter|센티미터|센티"),
    ("length", "1", "m", "m", "m|metre|meter|미터"),
    ("length", "1000", "km", "km", "km|kilometre|kilometer|킬로미터"),
    ("length", "1609.344", "miles", "마일", "mile|mi|마일"),
    ("length", "1852", "nautical miles", "해리", "nautical mile|해리"),
    ("length", "0.3048", "feet", "피트", "foot|feet|ft|피트"),
    ("length", "0.0254", "inches", "인치", "inch|inches|인치"),
    ("length", "0.9144", "yards", "야드", "yard|야드"),
    ("area", "1", "m²", "m²", "m2|m^2|sq m|square metre|square meter|제곱미터|평방미터"),
    (
        "area",
        "1000000",
        "km²",
        "km²",
        "km2|km^2|sq km|square kilometre|square kilometer|제곱킬로미터|평방킬로미터",
    ),
    ("area", "10000", "hectares", "헥타르", "hectare|ha|헥타르"),
    ("area", "4046.8564224", "acres", "에이커", "acre|에이커"),
    ("area", "400/121", "pyeong", "평", "pyeong|평"),
    ("area", "2589988.110336", "square miles", "제곱마일", "square mile|sq mi|제곱마일"),
    ("area", "0.09290304", "square feet", "제곱피트", "square foot|square feet|sq ft|제곱피트"),
    ("mass", "1/1000000", "mg", "mg", "mg|milligram|밀리그램"),
    ("mass", "1/1000", "g", "g", "g|gram|gramme|그램"),
    ("mass", "1", "kg", "kg", "kg|kilogram|kilogramme|킬로그램"),
    ("mass", "1000", "tonnes", "톤", "tonne|metric ton|톤"),
    ("mass", "0.45359237", "lb", "lb", "lb|lbs"),
    # short, long or register tons; money or mass; US or imperial: only comparable to themselves
    ("ton", "1", "tons", "톤(ton)", "ton"),
    ("pound", "1", "pounds", "파운드", "pound|파운드"),
    ("gallon", "1", "gallons", "갤런", "gallon|갤런"),
    ("degree", "1", "degrees", "도", "degree|°|도"),
    ("volume", "1/1000", "ml", "ml", "ml|mL|millilitre|milliliter|밀리리터"),
    ("volume", "1", "litres", "리터", "l|L|litre|liter|리터"),
    ("volume", "1000", "m³", "m³", "m3|m^3|cubic metre|cubic meter|세제곱미터|입방미터"),
    ("time", "1", "seconds", "초", "second|sec|초"),
    ("time", "60", "minutes", "분", "minute|min|mins|분"),
    ("time", "3600", "hours", "시간", "hour|hr|hrs|h|시간"),
    ("time", "86400", "days", "일", "day|일"),
    ("time", "604800", "weeks", "주", "week|주일|주간"),
    # months and days have no exact ratio, so that calendar time is a dimension of its own
    ("calendar", "1", "months", "개월", "month|개월|달"),
    ("calendar", "12", "years", "년", "year|yr|yrs|년"),
    ("calendar", "120", "decades", "십년", "decade"),
    ("age", "1", "years old", "세", "years old|year old|years of age|세|살"),
    ("speed", "1", "m/s", "m/s", "m/s|metres per second|meters per second"),
    (
        "speed",
        "5/18",
        "km/h",
        "km/h",
        "km/h|kph|kilometres per hour|kilometers per hour|km per hour",
    ),
    ("speed", "0.44704", "mph", "mph", "mph|miles per hour"),
    ("speed", "463/900", "knots", "노트", "knot|kn|kt|노트"),
    ("percent", "1", "%", "%", "%|percent|per cent|퍼센트"),
    ("points", "1", "percentage points", "%포인트", "percentage point|%p|%포인트|퍼센트포인트"),
    ("ratio", "1", "times", "배", "배"),
    ("power", "1", "W", "W", "W|watt|와트"),
    ("power", "1000", "kW", "kW", "kW|kilowatt|킬로와트"),
    ("power", "1000000", "MW", "MW", "MW|megawatt|메가와트"),
    ("horsepower", "1", "horsepower", "마력", "horsepower|hp|마력"),
    ("money:KRW", "1", "won", "원", "won|KRW|₩|원"),
    ("money:USD", "1", "dollars", "달러", "dollar|USD|$|US$|달러|US dollar"),
    ("money:EUR", "1", "euros", "유로", "euro|EUR|€|유로"),
    ("money:GBP", "1", "pounds sterling", "파운드", "pounds sterling|GBP|£"),
    ("money:JPY", "1", "yen", "엔", "yen|JPY|엔"),
    ("money:CNY", "1", "yuan", "위안", "yuan|CNY|위안"),
)
_TEMPERATURES = (
    ("5/9", "459.67", "°F", "°F", "°F|° F|degree Fahrenheit|degrees Fahrenheit"),
    ("1", "273.15", "°C", "°C", "°C|° C|℃|degree Celsius|degrees Celsius|degrees centigrade"),
)
_COUNTERS = [
    "명",
    "개",
    "대",
    "척",
    "마리",
    "번",
    "회",
    "권",
    "잔",
    "장",
    "채",
    "편",
    "곳",
    "가지",
    "병",
    "층",
    "팀",
    "쌍",
    "그루",
    "송이",
    "자루",
    "벌",
    "켤레",
    "통",
    "건",
    "차례",
    "군데",
    "개국",
    "석",
    "량",
    "칸",
    "그릇",
    "줄",
    "가구",
    "세대",
    "점",
    "표",
    "골",
    "종",
    "개소",
]
_PEOPLE = [
    "people",
    "person",
    "persons",
    "passenger",
    "guest",
    "resident",
    "inhabitant",
    "student",
    "member",
    "employee",
    "worker",
    "soldier",
    "visitor",
    "인",
    "사람",
]
_RANKS = "번째|위|등|째"


def _spellings(names: str) -> set[str]:
    held = set(names.split("|"))
    # English nouns of four letters and more take a plural s: hour, hours
    plural = {n + "s" for n in held if n.isascii() and len(n) > 3 and n[-2:].isalpha()}
    return held | plural | {n.replace(" ", "-") for n in held}


def _table() -> dict[str, Unit]:
    table = {
        name: Unit(dimension, Fraction(factor), english, korean)
        for dimension, factor, english, korean, names in _ROWS
        for name in _spellings(names)
    }
    for factor, offset, english, korean, names in _TEMPERATURES:
        unit = Unit("temperature", Fraction(factor), english, korean, Fraction(offset))
        table |= dict.fromkeys(_spellings(names), unit)
    table |= {name: Unit("", Fraction(1), "", name) for name in _COUNTERS}
    table |= dict.fromkeys(_RANKS.split("|"), ORDINAL)
    people = {name + plural for name in _PEOPLE for plural in ("", "s" * name.isascii())}
    return table | dict.fromkeys(people, table["명"])


UNITS = _table()
"""Unit by spelling; case matters in spellings of up to three letters (m, MW)."""
CURRENCY_SIGNS = {sign: UNITS[sign] for sign in ("US$", "$", "€", "₩", "£", "USD", "KRW", "EUR")}


def noun_unit(noun: str) -> Unit:
    """Counts of something that is no unit: comparable to counts of the same only."""
    return Unit("", Fraction(1), noun, noun)
