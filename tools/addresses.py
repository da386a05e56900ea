"""Addresses as messages, logs and printed settings show them."""

from __future__ import annotations

import re

_USER = re.compile(r"//[^/\s?#\"<>]*@")
_KEY = re.compile(r"([?&][^=&#\s]*(?:key|token|secret|passw|sig)[^=&#\s]*=)[^&#\s\"']+", re.I)


def shown(text: str) -> str:
    """`text`, whose addresses have no user, password or key in their query; a path as it is."""
    return _KEY.sub(r"\1…", _USER.sub("//", text))
