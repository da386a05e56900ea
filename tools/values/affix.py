"""What stands around a number: its unit, and the words that bound, deny or disqualify it. Pure."""

from __future__ import annotations

import re
import unicodedata

from churon.tools.values import english
from churon.tools.values.korean import fits
from churon.tools.values.units import PLAIN, UNITS, Unit, noun_unit

_CASED = 3
"""Unit spellings of up to so many letters keep their case: m is not M."""


def _pattern(name: str) -> str:
    escaped = re.escape(name).replace(r"\ ", r"\s")
    return escaped if len(name) <= _CASED else f"(?i:{escaped})"


_LATIN = "|".join(_pattern(n) for n in sorted(UNITS, key=len, reverse=True) if n[0] < "가")
_KOREAN = "|".join(sorted((n for n in UNITS if n[0] >= "가"), key=len, reverse=True))
_FOLDED = {name.casefold(): unit for name, unit in UNITS.items() if len(name) > _CASED}
_COPULA = (
    "이었습니다|였습니다|입니다|이에요|예요|이었다|였다|이라고|라고|이다|다|이며|며|이고|고|인|임"
)
TAIL = re.compile(
    r"(?:에서|에게|에는|에도|에|은|는|이|가|을|를|의|으로|로|와|과|도|씩|쯤|정도|가량|경|간|동안)?"
    rf"(?:{_COPULA})?(?![가-힣])"
)
"""What may follow a number or a Korean unit in its word."""
_UNIT = re.compile(
    rf"[ -]?(?:(?P<latin>{_LATIN})(?![A-Za-z0-9²³^/])|(?P<korean>{_KOREAN})(?={TAIL.pattern}))"
)
_NOUN = re.compile(
    r"[ ](?!(?:in|on|at|and|or|of|to|by|for|from|with|as|was|were|is|are|per|the|total|altogether"
    r"|between|than|each|tall|long|high|wide|deep|away|old|later|earlier|ago|that|which|who|but"
    r"|when|after|before|since|so|it|there|won)\b)([a-z]{3,})\b"
)
_RATE = re.compile(r"\s?/|\s(?:per|a|an|each)\s|\s?당\s", re.IGNORECASE)
_BOUND_BEFORE = re.compile(
    r"(?:\b(?:more than|less than|fewer than|over|under|above|below|at least|at most|up to|beyond"
    r"|before|after|until|till|by|prior to|between|exceeding|minimum of|maximum of|since before)"
    r"|최대|최소|많아야|적어도|(?<!시작)[<>≤≥±])\s*(?:the (?:year )?)?$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"\s*(?:이상|이하|미만|초과|넘|이전|이후|전(?![가-힣])|후(?![가-힣])|뒤(?![가-힣])|까지|남짓"
    r"|여(?![가-힣])|반(?![가-힣])"
    r"|\+|or (?:more|less|fewer|later|earlier|so)\b|and (?:over|above|up)\b|plus\b|ago\b|later\b"
    r"|[ap]\.?m\b|o'clock\b"
    r"|earlier\b|before\b|after\b|to \x00|[-–~]\s?\d)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"(?:\b(?:about|around|approximately|approx\.?|roughly|some|nearly|almost|circa|c\.|ca\.)"
    r"|[~≈∼]|약|대략|거의|얼추)\s*(?:the )?[$€₩£]?$",
    re.IGNORECASE,
)
_ABOUT_AFTER = re.compile(
    r"(?:쯤|정도|가량|경)|\s?(?:내외|안팎|가까이|전후)|(?:쯤|정도|가량|경)(?=[가-힣]{0,4}$)"
)
_DENIED = re.compile(
    r"\b(?:not|never|nor|neither|except|without|unless|if|unknown|unclear)\b|n't\b"
    r"|아니|아닌|아닙|않|없|모르|모릅|수[십백천만억조]|몇|여러",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"\d|\b(?:hundreds|thousands|millions|billions|dozens|tens|half|quarter|couple|several|few"
    r"|decades|centur(?:y|ies))\b",
    re.IGNORECASE,
)
_LABELS = re.compile(
    r"\b(?:pier|room|number|nr|no\.?|page|route|version|line|grade|gate|bus|flight|section|article"
    r"|question|step|chapter|level|platform|berth|volume|class|type|model|phase|deck|rank(?:ed)?"
    r"|#)\s*$",
    re.IGNORECASE,
)
_OPENERS = {"in", "on", "the", "about", "around", "total", "only", "there", "approximately", "a"}
_OPENERS |= {"roughly", "some", "nearly", "almost", "it", "was", "is", "answer", "just", "exactly"}
_SPOKEN = re.compile(r"(?:[은는이가도에]|총|약|만|모두|대략|단|오직|거의|답|:)\s*$")
_UP = {"시속": UNITS["km/h"], "초속": UNITS["m/s"]}


def clean(text: str) -> str:
    """NFKC with plain dashes, quotes and white space; what every pattern here expects."""
    text = re.sub(r"(?<!m)([²³])", r"^\1", text.replace("\x00", " "))
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[‐‑‒−]", "-", text).replace("’", "'")
    return re.sub(r"[*_`\"“”‘]|\s+", " ", text).strip()


def unit_at(text: str, start: int, end: int, spelled: bool = False) -> tuple[Unit, int] | None:
    """The unit written at `end` and where it ends, PLAIN for none; None where it is not clear."""
    found = _UNIT.match(text, end)
    if found and not (spelled and _merged(text, start, end, found)):
        name = found["latin"] or found["korean"]
        unit = UNITS.get(name) or _FOLDED[" ".join(name.casefold().split())]
        unit = _person(text[start:end], unit, name)
        stop = TAIL.match(text, found.end())
        after = stop.end() if stop and found["korean"] else found.end()
        verb = name == "won" and re.match(r"\s[a-z]", text[after:])
        rate = _RATE.match(text, after)
        odd = verb or rate or _unclear(text, start, end, after, name)
        return None if odd else (unit, after)
    if re.match(r"[A-Za-z가-힣²³]", text[end:]):
        stop = TAIL.match(text, end)
        return (PLAIN, stop.end()) if stop and stop.end() > end else None
    if noun := _NOUN.match(text, end):
        return (noun_unit(noun[1]), noun.end()) if not _RATE.match(text, noun.end()) else None
    return None if re.match(r"[-/:–~^']\w|\s?[A-Z%°]|\s(?:of|per)\b", text[end:]) else (PLAIN, end)


def _merged(text: str, start: int, end: int, found: re.Match[str]) -> bool:
    """ "세대" is a generation and "이 분" this person: one syllable needs more certainty."""
    numeral = text[start:end].strip()
    unspaced = found[0] == (found["korean"] or "")
    return len(numeral) == 1 and (
        (unspaced and found["korean"] in {"대", "층", "종", "도", "점", "위", "통"})
        or (
            numeral in "이일사오구조"
            and found["korean"] not in {"년", "개월", "퍼센트", "킬로미터"}
        )
    )


def _person(numeral: str, unit: Unit, name: str) -> Unit:
    """Native numerals count people with 분, digits count minutes."""
    native = re.search(r"[한두세네섯곱덟홉열물른흔쉰순든]$", numeral.strip())
    return UNITS["명"] if name == "분" and native else unit


def _unclear(text: str, start: int, end: int, after: int, name: str) -> bool:
    """Whether digits and unit may mean something else: 7번 부두, 루이 14세, 918년, 98년."""
    if name == "대":  # 20대 are people in their twenties
        return bool(re.search(r"(?<!\d)[1-9]0$|^[이삼사오육칠팔구]?십$", text[start:end].strip()))
    if not text[end - 1].isdigit():
        return False
    if name == "번":
        return bool(re.match(r"\s[가-힣]", text[after:]))
    if name == "세":
        return identifier(text, start, after)
    lasting = re.match(r"\s?(?:간|동안)", text[end + 1 :])
    return name == "년" and not lasting and bool(re.match(r"0|[7-9]\d|\d{3}", text[start:end]))


def prefixed(text: str, start: int, unit: Unit) -> tuple[int, Unit, bool] | None:
    """Start, unit and minus sign of numbers after 시속, 섭씨, 영하 and minus; None without one."""
    found = re.search(
        r"(시속|초속|섭씨|화씨|영하|영상|minus|섭씨 영하)\s?(?:약\s?)?$", text[:start]
    )
    if not found:
        return None
    word = found[1]
    if word in _UP:
        good = unit.english == _UP[word].english.partition("/")[0]
        return (found.start(), _UP[word], False) if good else None
    if word == "minus":
        return found.start(), unit, True
    scale = UNITS["°F"] if word == "화씨" else UNITS["°C"]
    unit = scale if unit.english == "degrees" else unit
    return found.start(), unit, word in {"영하", "섭씨 영하"}


def bounded(text: str, start: int, end: int) -> bool:
    """Whether a value is only a bound or an anchor: at least, before, 이상, 까지, ago ..."""
    return bool(_BOUND_BEFORE.search(text[:start]) or _BOUND_AFTER.match(text, end))


def approximate(text: str, start: int, end: int) -> bool:
    """Whether "about", "약", "정도" ... stands at the value."""
    return bool(_ABOUT.search(text[:start]) or _ABOUT_AFTER.search(text[start : end + 4]))


def leftover(masked: str) -> bool:
    """Whether digits, numerals or denials are in the text once its values are masked."""
    return bool(_VAGUE.search(masked) or _DENIED.search(masked) or english.RUN.search(masked))


def pronoun(text: str, found: re.Match[str]) -> bool:
    """ "one" that counts nothing: no one, the one, one of, one day."""
    if found[0].casefold() != "one":
        return False
    before = re.search(
        r"\b(?:no|the|this|that|any|some|every|each|which)\s$", text[: found.start()]
    )
    return bool(before or re.match(r"\s(?:of|another|day|more|can|is|was)\b", text[found.end() :]))


def alone(text: str, found: re.Match[str]) -> bool:
    """Whether a one-syllable numeral stands by itself in its word or before a unit."""
    return bool(re.match(r"\s|$|[^이은는의]", text[found.end() :]))


def identifier(text: str, start: int, end: int) -> bool:
    """Whether a number without unit is part of a name: Pier 7, Boeing 747, 아폴로 11."""
    before = text[:start]
    if _LABELS.search(before):
        return True
    if re.search(r"[가-힣]\s*$", before):
        spoken = _SPOKEN.search(before)
        return not spoken or not fits(before[: spoken.start()], spoken[0][0])
    word = re.search(r"([A-Z][\w']*)\s$", before)
    return bool(word and word[1].casefold() not in _OPENERS)
