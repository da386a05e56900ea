"""Korean numerals: Sino-Korean, native, and mixed with digits. Strict: None when ill-formed."""

from __future__ import annotations

import re
from fractions import Fraction

_SINO = {char: n for n, char in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "륙": 6}
_SMALL = {"천": 1000, "백": 100, "십": 10}
_BIG = {"조": 10**12, "억": 10**8, "만": 10**4}
_TENS = ("열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_NATIVE_TENS = {word: n * 10 for n, word in enumerate(_TENS, start=1)} | {"스무": 20}
_ONES = ("하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_ONES = {word: n for n, word in enumerate(_ONES, start=1)} | {
    "한": 1,
    "두": 2,
    "세": 3,
    "네": 4,
    "석": 3,
    "넉": 4,
    "첫": 1,
}

DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_ONE = r"[일이삼사오육륙칠팔구\d]"
_PART = rf"(?:(?:{_ONE}?천)?\s?(?:{_ONE}?백)?\s?(?:{_ONE}?십)?{_ONE}?)"
_COEFFICIENT = rf"(?:{DIGITS}|{DIGITS}천|{_PART})"
SINO = (
    rf"(?:{_COEFFICIENT}\s?조\s?)?(?:{_COEFFICIENT}\s?억\s?)?(?:{_COEFFICIENT}\s?만\s?)?"
    rf"(?:{_PART}|{DIGITS})(?!\d|[.,]\d|[십백천만억조])"
)
"""Pattern of digits, Sino-Korean numerals and mixtures; it matches the empty string too."""
NATIVE = (
    rf"(?:{_ONE}?백)?(?:{'|'.join((*_NATIVE_TENS,))})?"
    rf"(?:{'|'.join((*_NATIVE_ONES,))})?(?<=[가-힣])"
)
"""Pattern of native numerals, attributive (열두) or free (열둘)."""


# 3, 6, 8 and 9 end otherwise in Korean than in English, in which names are often read
_DIGITS = str.maketrans("12457", "일이사오칠")
_FINALS = {**dict.fromkeys("은이을과", True), **dict.fromkeys("는가를와", False)}


def fits(stem: str, particle: str) -> bool:
    """Whether a particle may follow a stem: 은, 이, 을, 과 after a final consonant, 는 ... else."""
    if not stem or not "가" <= stem[-1] <= "힣":
        return True
    final = (ord(stem[-1]) - ord("가")) % 28
    if particle.startswith(("으로", "로")):
        return (final in {0, 8}) is particle.startswith("로")
    return _FINALS.get(particle[0], final > 0) is (final > 0)


_AGREEING = (
    ("은", "는", ""),
    ("이", "가", ""),
    ("을", "를", ""),
    ("과", "와", "(?:의|는|도|만)?"),
    ("으로", "로", "(?:부터|서|써|까지|만)?(?:는|도|의)?"),
    ("이", "", "(?:라(?:는|고|도|면|서)?|란|나|며|랑|든지?|야말로)"),
    ("이었", "였", "[가-힣]{0,6}"),
)
"""Endings with a form behind a final consonant and one behind a vowel, and what may follow both."""


def _spellings(consonant: str, vowel: str) -> str:
    """Pattern of both forms, alone and as they are written where the word is not known: 은(는),
    (으)로, 이/가.
    """
    pairs = [(consonant, vowel), (vowel, consonant)] if vowel else []
    forms = [spelt for a, b in pairs for spelt in (f"{a}({b})", f"{a}/{b}")]
    if consonant.endswith(vowel):
        forms.append(f"({consonant.removesuffix(vowel)}){vowel}")
    return "|".join(map(re.escape, [*forms, consonant, vowel]))


_CLOSING = "\"'”’」』》.,"
_PATTERNS = [
    (consonant, vowel, f"(?:{_spellings(consonant, vowel)})", tail)
    for consonant, vowel, tail in _AGREEING
]
PARTICLE = "|".join(f"{forms}{tail}" for _, _, forms, tail in _PATTERNS)
"""Pattern of what `agreeing` knows."""


def agreeing(stem: str, ending: str) -> str:
    """An ending in the form that follows a stem: 는 behind 바다 for 은 or 은(는); as it is where
    the stem's last letter does not tell how it is read.
    """
    letter = stem.rstrip(_CLOSING)[-1:].translate(_DIGITS)
    if not "가" <= letter <= "힣":
        return ending
    for consonant, vowel, forms, tail in _PATTERNS:
        if found := re.fullmatch(f"{forms}({tail})", ending):
            return (consonant if fits(letter, consonant) else vowel) + found[1]
    return ending


def subject(stem: str) -> str:
    """이 or 가, as it follows a stem; both where that is not known."""
    return agreeing(stem, "이(가)")


def korean_number(text: str) -> Fraction | None:
    """ "1억 2천만" -> 120000000, "삼천이백" -> 3200, "스물세" -> 23; None when ill-formed."""
    rest = re.sub(r"[\s,]", "", text)
    if not rest:
        return None
    total, bound = Fraction(0), Fraction(10**16)
    for name, scale in _BIG.items():
        head, found, tail = rest.partition(name)
        if found:
            part = _below_ten_thousand(head) if head else Fraction(1)
            if not part or part * scale >= bound:
                return None
            total, rest, bound = total + part * scale, tail, Fraction(scale)
    if not rest:
        return total
    part = _below_ten_thousand(rest)
    if part is None or (total and (part >= bound or part == 0)):
        return None
    return total + part


def _below_ten_thousand(text: str) -> Fraction | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return Fraction(text)
    total, bound = Fraction(0), Fraction(10**16)
    for name, scale in _SMALL.items():
        head, found, text = text.partition(name) if name in text else ("", "", text)
        if found:
            part = _digit(head) if head else Fraction(1)
            if not part or part * scale >= bound:
                return None
            total, bound = total + part * scale, Fraction(scale)
    if not text:
        return total or None
    last = _digit(text)
    last = _native(text) if last is None else last
    if last is None or (total and not 0 < last < bound):
        return None
    return total + last


def _digit(text: str) -> Fraction | None:
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return Fraction(text)
    return Fraction(_SINO[text]) if text in _SINO else None


def _native(text: str) -> Fraction | None:
    tens = next((word for word in _NATIVE_TENS if text.startswith(word)), "")
    ones = text.removeprefix(tens)
    if not tens + ones or (ones and ones not in _NATIVE_ONES):
        return None
    return Fraction(_NATIVE_TENS.get(tens, 0) + _NATIVE_ONES.get(ones, 0))
