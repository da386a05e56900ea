"""How long a text is for the embedding model, without its tokeniser."""

from __future__ import annotations

import math
import re
import unicodedata

MAX_TOKENS = 448
"""multilingual-e5 reads 512 tokens; prefix, title and end marks need the rest."""
_WORD = re.compile(r"[A-Za-z]+")
_LONE_SIGN = re.compile(r"\s[^\w\s]")
_PLAIN = re.compile(r"[A-Z]?[a-z]{0,20}")
_CJK = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3131-\u318e\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)
_LETTER = re.compile(r"[^\W\d_]")


def is_cjk(text: str) -> bool:
    """Whether at least a fifth of the letters are Hangul, kana or Han characters."""
    cjk = len(_CJK.findall(text))
    return cjk > 0 and cjk * 5 >= len(_LETTER.findall(text))


def token_bound(text: str) -> float:
    """An upper estimate of XLM-R tokens (it reads NFKC): a third of a word's letters, 0.7 of a
    letter salad's, one for every other character and for a blank before a sign.
    """
    text = unicodedata.normalize("NFKC", text)
    words = _WORD.findall(text)
    plain = [len(word) for word in words if _PLAIN.fullmatch(word)]
    letters = sum(map(len, words))
    others = len("".join(text.split())) - letters + len(_LONE_SIGN.findall(text))
    return sum(math.ceil(n / 3) for n in plain) + 0.7 * (letters - sum(plain)) + others


def units(text: str, limit: int) -> int:
    """Length in characters, or more where the text would outgrow MAX_TOKENS before `limit`."""
    return max(len(text), math.ceil(token_bound(text) * limit / MAX_TOKENS))
