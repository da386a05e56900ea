"""Addresses as messages, logs and printed settings show them."""

from __future__ import annotations

import re

_USER = re.compile(r"//[^/\s?#\"'<>,]*@")


def shown(text: str) -> str:
    """`text`, whose addresses have no user and password; a path as it is."""
    return _USER.sub("//", text)
