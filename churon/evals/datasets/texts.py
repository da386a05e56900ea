"""Texts of a set's file: fit to be kept, spelt alike, parted at bars. Pure."""

from __future__ import annotations

import re
from typing import Any

from churon.tools.korean import spelt

_APART = re.compile("[\uac00-\ud7a3]?[\u1100-\u11ff]+")
_BAR = re.compile(r"(?<!\\)\|")


def sound(value: Any) -> Any:
    """A JSON value with "?" for each half of a surrogate pair, as rows and logs are written: UTF-8
    cannot hold one, and text that JavaScript cut within an emoji ends in one.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [sound(one) for one in value]
    if isinstance(value, dict):
        return {sound(name): sound(one) for name, one in value.items()}
    return value


def composed(text: str) -> str:
    """A document's text with Korean in whole syllables, as ingested documents have it: what is
    quoted from it is compared with answers. All else stays, as the set's own hash is over it.
    """
    return _APART.sub(lambda found: spelt(found[0]), text)


def parts(text: str) -> list[str]:
    r"""One cell parted at "|"; a bar of its own has a backslash before it: `P(A\|B)`. A backslash
    before anything else is one.
    """
    return [part.strip().replace(r"\|", "|") for part in _BAR.split(text)]


def barred(text: str) -> str:
    """A text as one part of a cell, which `parts` takes apart."""
    return text.replace("|", r"\|")
