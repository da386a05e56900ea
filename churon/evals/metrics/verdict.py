"""What an answer says to a yes/no question, in English and Korean, and whether that is right.

The word that opens the answer decides ("No, it is true of …"). Without one, the verdict word:
English denies before it ("is not true"), Korean after it ("사실이 아닙니다"); twice is a yes.
"""

from __future__ import annotations

import re
import unicodedata

from churon.evals.metrics.outcome import answered, unshortened
from churon.evals.types import Row

_YES, _NO = r"(?:yes|yeah|yep|예|네|응)", r"(?:no|nope|아니요|아니오|아뇨|아니)"
_EITHER = r"\s*(?:/|\||,?\s*or\b|,?\s*and\b|또는|혹은)\s*"
_BOTH = re.compile(rf"\b(?:{_YES}{_EITHER}{_NO}|{_NO}{_EITHER}{_YES})\b")
_INTRODUCTION = re.compile(
    r"\W*(?:(?:the\s+)?(?:final\s+)?answer(?:\s+is|\s*:)|(?:정답|답변?)[은:])?\W*"
)
_OPENING = re.compile(
    rf"(?:(?P<yes>{_YES})|(?P<no>{_NO}))(?:입니다|이다|이?에요|요)?(?![\w'’])"
    r"(?!\s+(?:명|개|번|가지|사람|살|마리))"  # 네 is four, too
)

_ENGLISH = re.compile(
    r"\b(?:(?P<yes>true|correct|right|yes|indeed)|(?P<no>false|incorrect|untrue|wrong|no)"
    r"|(?P<denial>not|never|cannot|\w+n['’]t))\b"
)
_KOREAN = re.compile(
    r"(?P<denial>아니(?=[다요라며고었야에오지]|\W|$)|아닙|아닌|아님|않)"
    r"|(?P<no>거짓|허위|사실\s?무근|틀(?:리|렸|린|림(?!없)|립)|불가능|없(?:습니다|다|어요|음)(?=\W*$))"
    r"|(?P<yes>그렇(?=[다습지고])|그래요|맞(?=[다았는네지죠습음고으아])|옳(?=[다았은지습음])|틀림없"
    r"|\b참(?=\W|$|이[다지라며]|입|임|이에)|\b사실(?=\W*$|이다?\b|이[지라며]|이?에요|입|임|은|로)"
    r"|\b진실(?=\W|$|이|입|임)|있(?:습니다|다|어요|음)(?=\W*$)|\b가능(?=합|하다|함|해))"
)
_HANGUL = re.compile("[가-힣]")


def verdict(text: str) -> bool | None:
    """True: yes, False: no, None: neither, or both."""
    said = unicodedata.normalize("NFKC", text).lower()
    if _BOTH.search(said):
        return None
    opening = _OPENING.match(said, _INTRODUCTION.match(said).end())  # type: ignore[union-attr]
    if opening:
        return opening["yes"] is not None
    return _korean(said) if _HANGUL.search(said) else _english(said)


def _english(said: str) -> bool | None:
    """The first verdict word, turned by each denial before it."""
    denials = 0
    for found in _ENGLISH.finditer(said):
        if found["denial"] is None:
            return (found["yes"] is not None) == (denials % 2 == 0)
        denials += 1
    return False if denials else None


def _korean(said: str) -> bool | None:
    """The last verdict word, as Korean ends with what counts, turned by each denial after it."""
    denials = 0
    for found in reversed(list(_KOREAN.finditer(said))):
        if found["denial"] is None:
            return (found["yes"] is not None) == (denials % 2 == 0)
        denials += 1
    return False if denials else None


def accuracy(row: Row) -> float | None:
    """1 where the answer's verdict is the truth; no verdict and no answer are 0. None where the
    answer could not be shortened.
    """
    truth = row["case"]["truth"]
    if truth is None or unshortened(row):
        return None
    said = row.get("short", row.get("answer", ""))
    return float(answered(row) and verdict(said) is truth)
