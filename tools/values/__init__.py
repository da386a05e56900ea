"""The values that short answers hold: numbers with units, dates, times; English, Korean. Pure."""

from churon.tools.values.clock import clock
from churon.tools.values.korean import PARTICLE, agreeing, fits, subject
from churon.tools.values.parse import parse_exact, parse_value
from churon.tools.values.show import show, show_amount, show_number
from churon.tools.values.units import PLAIN, Unit
from churon.tools.values.value import Value, comparable, order

__all__ = [
    "PARTICLE",
    "PLAIN",
    "Unit",
    "Value",
    "agreeing",
    "clock",
    "comparable",
    "fits",
    "order",
    "parse_exact",
    "parse_value",
    "show",
    "show_amount",
    "show_number",
    "subject",
]
