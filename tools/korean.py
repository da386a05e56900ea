"""Korean text: which language a text is in, and its morphemes for BM25."""

from __future__ import annotations

import math
import re
import threading
import unicodedata
from functools import lru_cache
from typing import Any

from churon.tools.errors import ModelMissing
from churon.tools.types import Language

_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_LATIN = re.compile(r"[A-Za-z]")
# An English question about a Korean name: "When did 마루누리 해운 open?". Not of "IS 조직은 …"
_ENGLISH = re.compile(
    r"\W*(?:[Ww]ho|[Ww]hose|[Ww]hat|[Ww]hen|[Ww]here|[Ww]hich|[Ww]hy|[Hh]ow|[Ii]s|[Aa]re|[Ww]as|[Ww]ere"
    r"|[Dd]o|[Dd]oes|[Dd]id|[Cc]an|[Hh]as|[Hh]ave|[Hh]ad|[Ww]ill|[Ss]hould)\b.*[A-Za-z]\W*",
    re.DOTALL,
)
_KOREAN = re.compile(r"[A-Za-z0-9][가-힣]|(?:까|요|나|줘|다|오|음)\s*[?.!()\[\]]")
"""Particles behind other letters, and the ends of sentences."""
_WORD = re.compile(r"[^\W_]+(?:[.\-'][^\W_]+)*")
_lock = threading.Lock()

# Content morphemes: nouns, numerals, verb and adjective stems, roots, adverbs, foreign, digits
_CONTENT = ("N", "VV", "VA", "XR", "MA", "MM", "SL", "SN", "SH", "W")


def detect_language(text: str) -> Language:
    """`ko` when at least a fifth of the letters are Hangul, as questions mix in English names,
    unless it opens and ends as an English question and nothing in it is Korean but names.
    """
    text = unicodedata.normalize("NFC", text)
    hangul = len(_HANGUL.findall(text))
    if hangul and _ENGLISH.fullmatch(text) and not _KOREAN.search(text):
        return "en"
    return "ko" if hangul and hangul * 4 >= len(_LATIN.findall(text)) else "en"


def has_hangul(text: str) -> bool:
    """Whether any Hangul letter is in the text."""
    return _HANGUL.search(text) is not None


def spelt(name: str) -> str:
    """A name in Unicode's composed form: Macs and spreadsheets spell Korean apart, keyboards do
    not.
    """
    return unicodedata.normalize("NFC", name)


def tokens_at_most(text: str) -> int:
    """An upper estimate of a text's tokens: a Korean syllable costs one, other text one for 2.5
    characters (English takes about 4, numbers and names more).
    """
    hangul = len(_HANGUL.findall(text))
    return hangul + math.ceil((len(text) - hangul) / 2.5)


def analyse(text: str) -> str:
    """Space-separated lower-case terms for BM25: Kiwi's content morphemes, or plain words.

    Blocking; Kiwi's model loads on first use (about a second). Raises ModelMissing without it.
    """
    text = unicodedata.normalize("NFKC", text)
    if not has_hangul(text):
        return " ".join(word.lower() for word in _WORD.findall(text))
    with _lock:  # Kiwi's tokenise is not documented as thread-safe
        tokens = _kiwi().tokenize(text)
    return " ".join(token.form.lower() for token in tokens if token.tag.startswith(_CONTENT))


@lru_cache(maxsize=1)
def _kiwi() -> Any:
    try:
        from kiwipiepy import Kiwi
    except ImportError as error:
        raise ModelMissing(
            "The Korean analyser kiwipiepy is not installed.",
            remedy="Install it with: pip install 'churon[embedded]'.",
        ) from error
    return Kiwi()
