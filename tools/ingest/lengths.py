"""How long a text is for the embedding model, without its tokeniser."""

from __future__ import annotations

import math
import re

MAX_TOKENS = 448
"""multilingual-e5 reads 512 tokens; prefix, title and end marks need the rest."""
_TOKENS = re.compile(r"([a-z]{1,20}|[A-Z][a-z]{0,19})(?![A-Za-z])|([A-Za-z]+)|[^\sA-Za-z]")
_CJK = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)
_LETTER = re.compile(r"[^\W\d_]")


def is_cjk(text: str) -> bool:
    """Whether at least a fifth of the letters are Hangul, kana or Han characters."""
    cjk = len(_CJK.findall(text))
    return cjk > 0 and cjk * 5 >= len(_LETTER.findall(text))


def token_bound(text: str) -> float:
    """An upper estimate of XLM-R tokens: a third of a word's letters, half of a letter salad's,
    one for every other character that is not white space.
    """
    total = 0.0
    for found in _TOKENS.finditer(text):
        if found.group(1):
            total += math.ceil(len(found.group(1)) / 3)
        elif found.group(2):
            total += 0.7 * len(found.group(2))
        else:
            total += 1
    return total


def units(text: str, limit: int) -> int:
    """Length in characters, or more where the text would outgrow MAX_TOKENS before `limit`."""
    return max(len(text), math.ceil(token_bound(text) * limit / MAX_TOKENS))
