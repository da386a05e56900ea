"""What a model wrote, without what its limit of tokens cut."""

from __future__ import annotations

import re

from churon.nodes.cite import OPENS_WITH_KEY
from churon.nodes.sentences import ends, sentences
from churon.tools.models.base import Completion
from churon.tools.run import Run

CUT = "generate:cut"
"""The fallback that says so."""
_ENDED = re.compile(r"[.!?。！？][\"'”’)]*(?:\s*\[[\d,\s]+\])*\s*$")
_KEYS = re.compile(r"(?:\s*\[[\d,\s]+\])*")
_NUMBER_OF_LIST = re.compile(r"(?:^|\n)\s*\d{1,3}\.$")
_BROKEN_KEY = re.compile(r"\s*\[[\d,\s]*$")


def uncut(run: Run, written: Completion) -> str:
    """The text; of one that was cut its whole sentences, or the beginning where there is none."""
    text = written.text.strip()
    return whole(run, text) if text and written.cut else text


def whole(run: Run, text: str) -> str:
    """A text that some limit ended: its whole sentences, or all of it where there is none."""
    if _ENDED.search(text):
        return text
    run.degrade(CUT)
    marks = ends(text)
    if not marks:
        return _BROKEN_KEY.sub("", text)
    # a key behind the full stop is the sentence's, unless keys stand before theirs
    keys = None if OPENS_WITH_KEY.match(text) else _KEYS.match(text, marks[-1])
    return _NUMBER_OF_LIST.sub("", text[: keys.end() if keys else marks[-1]])


def thought_of(run: Run, written: Completion) -> str:
    """The first sentence, "" for none; one that was cut is kept, as there is no other."""
    text = written.text.strip().lstrip("-•* ")
    first = next(iter(sentences(text)), "")
    return whole(run, first) if written.cut and first == text else first
