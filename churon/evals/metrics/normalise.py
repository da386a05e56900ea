"""Short answers as the official scripts of SQuAD and KorQuAD see them.

SQuAD (Rajpurkar et al. 2016, arXiv 1606.05250; v2.0: 2018, arXiv 1806.03822) compares words.
KorQuAD 1.0 (Lim, Kim and Lee 2019, arXiv 1909.07005) compares characters, as Korean joins particles
to nouns; it strips no particles and no articles. Neither script strips punctuation outside ASCII,
but for KorQuAD's list of quotation marks and brackets.
"""

from __future__ import annotations

import re
import string

KOREAN = "ko"
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_BRACKETS = str.maketrans(dict.fromkeys("'\"《》<>〈〉()‘’", " "))


def squad(text: str) -> str:
    """Lower case without ASCII punctuation, then without articles, single spaces."""
    kept = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", kept).split())


def korquad(text: str) -> str:
    """Brackets and quotation marks become spaces, other ASCII punctuation nothing; lower case."""
    return " ".join(text.translate(_BRACKETS).lower().translate(_NO_PUNCTUATION).split())


def normalised(text: str, language: str) -> str:
    """After the script of that language: KorQuAD's for Korean, SQuAD's for all others."""
    return korquad(text) if language == KOREAN else squad(text)


def units(text: str, language: str) -> list[str]:
    """What F1 counts: characters without spaces in Korean, words in all other languages."""
    made = normalised(text, language)
    return list(made.replace(" ", "")) if language == KOREAN else made.split()
