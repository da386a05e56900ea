"""Which end of a scale a question asks for, by keyword tables in English and Korean. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from churon.tools.types import Language
from churon.tools.values import Value


@dataclass(frozen=True)
class Scale:
    """What a comparative means: the sign of the winning end, by what the values are."""

    name: str
    signs: dict[str, int]
    """+1: the greater (later) value wins. By dimension, "date", or "*" for any other number."""
    english: str
    korean: str
    """Pattern after 더, 가장 or 제일."""
    alone: str = "(?!)"
    """Korean pattern that needs none of these."""

    def sign(self, value: Value) -> int | None:
        """+1 when the greater value wins, -1 the smaller, None when the word does not apply."""
        if value.kind == "date":
            return self.signs.get("date")
        if value.dimension == "length" and value.amount < 0:
            return None  # below the sea: -50 metres is deeper, and lower
        # 1st is higher than 3rd: only earlier and later are certain of ranks
        rank = value.dimension == "ordinal"
        return self.signs.get(value.dimension, None if rank else self.signs.get("*"))


# More of what is counted is the larger number; more affordable, direct or reliable need not be
_OF_THINGS = (
    r"(?=\W*$|,|\s(?:than|of|to|on|in|at|for|by|people|men|women|children|money|time|water|snow|rain"
    r"|rainfall|land|area|power|energy|weight|space|room|cargo|population|capacity|expensive|costly"
    r"|populous|populated|numerous|(?!\w*(?:ous|ss)\b)\w+s)\b)"
)
_TIMES = {"time": 1, "calendar": 1, "length": 1, "": 1}
_MINUS = {name: -sign for name, sign in _TIMES.items()}
# Looked for in this order; what one matches is hidden from the next
SCALES = (
    Scale(
        "older",
        {"date": -1, "age": 1},
        r"older|oldest|elder|eldest",
        r"오래[된되됐]|나이가 많|연상",
        r"나이가 (?:더|가장|제일) 많|오래[된되됐]",
    ),
    Scale(
        "younger",
        {"date": 1, "age": -1},
        r"younger|youngest|newer|newest",
        r"젊|어[린리립렸]|나이가 (?:적|어[린리립])|새로",
        r"나이가 (?:더|가장|제일) (?:적|어[린리립])",
    ),
    Scale(
        "later",
        {"date": 1, "ordinal": 1},
        r"later|latest|last|(?:more|most) recent(?:ly)?",
        r"늦|나중|최근",
        r"나중에|늦게",
    ),
    Scale(
        "earlier",
        {"date": -1, "ordinal": -1},
        r"earlier|earliest|first|sooner",
        r"먼저|일찍|이[른르]|앞[선섰서]",
        r"먼저|일찍",
    ),
    Scale(
        "longer",
        _TIMES,
        r"longer|longest",
        r"길|긴|깁|길었|오래 (?:걸|살|지|운)",
    ),
    Scale("shorter", _MINUS, r"shorter|shortest", r"짧"),
    Scale(
        "faster",
        {"speed": 1, "time": -1},
        r"faster|fastest|quicker|quickest",
        r"빠[른르릅]|빨랐|빨리",
    ),
    Scale("slower", {"speed": -1, "time": 1}, r"slower|slowest", r"느[린리립]|느렸"),
    Scale(
        "warmer",
        {"temperature": 1, "degree": 1},
        r"warmer|warmest|hotter|hottest",
        r"따뜻|더[운우웠]|뜨거",
    ),
    Scale(
        "colder",
        {"temperature": -1, "degree": -1},
        r"colder|coldest|cooler|coolest",
        r"추[운우웠]|차가|시원",
    ),
    Scale("heavier", {"mass": 1, "ton": 1, "pound": 1}, r"heavier|heaviest", r"무[거겁]"),
    Scale("lighter", {"mass": -1, "ton": -1, "pound": -1}, r"lighter|lightest", r"가[벼볍]"),
    Scale(
        "smaller",
        {"*": -1},
        r"smaller|smallest|lower|lowest|fewer|fewest|cheaper|cheapest|narrower|narrowest"
        rf"|shallower|shallowest|nearer|nearest|closer|closest|(?:less|least){_OF_THINGS}",
        r"작|적[은다었습게]|낮|좁|싼|싸|쌉|얕|가[까깝]",
    ),
    Scale(
        "larger",
        {"*": 1},
        r"larger|largest|bigger|biggest|greater|greatest|higher|highest|taller|tallest|deeper|deepest"
        rf"|wider|widest|farther|farthest|further|furthest|costlier|pricier|(?:more|most){_OF_THINGS}",
        r"큰|크|큽|컸|많(?!이)|높|넓|비[싼싸쌉쌌]|깊|[먼멀멉]",
    ),
)
_ODD = {
    "en": re.compile(
        r"\b(?:not|never|fail(?:s|ed)? to|lost|neither|nor|except|excluding|without|unless|if"
        r"|other than|second|third"
        r"|when|while|during|until|rank\w*|at the time|least likely|relative"
        r"|compared|per|rate|growth"
        r"|(?:more|most|less|least) (?:shallow|narrow|slow|modest|small|short|light|cheap|cold"
        r"|young|rare|modern|ancient|old|quiet|weak|few|low))\b|n't\b|\bless recent",
        re.IGNORECASE,
    ),
    "ko": re.compile(
        r"아닌|아니|않|못|없|제외|빼고|두 번째|둘째|만약|라면|다면"
        r"|덜 |순위|비율|당 |당시|때|동안|까지|최소한"
    ),
}


_MORE_KO = r"(?:더|더욱|가장|제일|보다)\s?(?:[가-힣]+[이가]\s)?"


def is_odd(text: str, language: Language) -> bool:
    """Whether a question is negated, conditional or of another kind than the tables know."""
    return bool(_ODD[language].search(text))


def direction(text: str, language: Language) -> Scale | None:
    """The one comparative of a question; None when there is none or there are unlike ones."""
    found: list[Scale] = []
    for scale in SCALES:
        pattern = rf"\b(?:{scale.english})\b"
        if language == "ko":
            pattern = rf"{scale.alone}|{_MORE_KO}(?:{scale.korean})"
        text, count = re.subn(pattern, " ", text, flags=re.IGNORECASE)
        found += [scale] * bool(count)
    return found[0] if len(found) == 1 else None


_BY_MORE = re.compile(r"보다\s.*(?:몇\s?[가-힣]{1,4}|얼마나?)\s?더\s")


def by_more(text: str) -> Scale | None:
    """The scale of "보다 몇 명 더 태우나요" where no word names one: of what is counted, more."""
    return SCALES[-1] if _BY_MORE.search(text) else None
