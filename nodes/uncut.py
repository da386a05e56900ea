"""What a model wrote, without what its limit of tokens cut."""

from __future__ import annotations

import re

from churon.nodes.sentences import sentences
from churon.tools.models.base import Completion
from churon.tools.run import Run

CUT = "generate:cut"
"""The fallback that says so."""
_ENDED = re.compile(r"[.!?。！？][\"'”’)]*(?:\s*\[[\d,\s]+\])*\s*$")
_BROKEN_KEY = re.compile(r"\s*\[[\d,\s]*$")


def uncut(run: Run, written: Completion) -> str:
    """The text; of one that was cut its whole sentences, or the beginning where there is none."""
    text = written.text.strip()
    if not text or not written.cut or _ENDED.search(text):
        return text
    run.degrade(CUT)
    *whole, broken = sentences(text)
    # a key after the full stop belongs to the sentence before
    key = re.match(r"(?:\s*\[[\d,\s]+\])*", broken)
    kept = " ".join(whole) + (key[0] if key and whole else "")
    return kept or _BROKEN_KEY.sub("", broken)
