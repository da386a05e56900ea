"""The things that a question compares, matched to the answers they belong to. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from churon.tools.types import Language
from churon.tools.values import fits

_SEPARATOR = {
    "en": re.compile(
        r"\s*,?\s+(?:or|and|versus|vs\.?)\s+|,\s+|\s+(?:before|after|than|as)\s+", re.IGNORECASE
    ),
    "ko": re.compile(
        r"(?<=[^\s,])(?:와|과|이랑|랑|하고|이나|보다)\s+|\s+(?:또는|혹은|및|아니면|그리고)\s+|,\s*"
        r"|(?<=\w)(?:은|는|이|가)\s+(?=\S+(?:\s\S+){0,4}?보다)"
    ),
}
_ARTICLE = r"(?:the|an?) "
_BEFORE = {
    "en": re.compile(
        r"(?:^|[,:;]|\b(?:is|was|are|were|did|does|do|has|have|had|of|between|which|either|both|than|in|on"
        r"|before|after|from|that|when|would|will|opened|built|born|founded|first|last|earlier|later|older|younger))$",
        re.IGNORECASE,
    ),
    "ko": re.compile(r"(?:^|[,:;]|다음|둘 중|다음 중)$"),
}
_STARTS = {
    "en": re.compile(
        r"(?:^|[,:;]|\b(?:is|was|are|were|did|does|do|has|have|had|between|or|and|versus|vs\.?|than"
        r"|(?:which|either|both|one|two) of|which|either|both|first|last|earlier|later|older"
        r"|younger|opened|built|born|founded))$",
        re.IGNORECASE,
    ),
    "ko": re.compile(
        r"(?:^|[,:;]|^(?:와|과|이랑|랑|하고|이나|보다)|또는|혹은|및|아니면|그리고|중|\S[은는])$"
    ),
}
"""What may stand before a name that its answer follows."""
_VERB = (
    r"(?:[a-z]+ed|built|born|begun|sunk|won|made|held|written|sold|run|is|was|are|were|has|have|had"
    r"|did|does|do|older|younger|larger|smaller|first|last|earlier|later|more|higher|taller|longer"
    r"|bigger|both|combined|together|in|on|come|from|open|opens|begin|start|die|live|cost|weigh"
    r"|have|share|being|carry|carries|hold|holds|seat|seats)"
)
_AFTER = {
    "en": re.compile(rf"^(?:$|[,?.;:!]|{_VERB}\b)"),
    "ko": re.compile(r"^(?:$|[,?.;:!]|중|가운데|사이|더|먼저|나중|둘|모두|어느|어떤|누가|보다)"),
}
_PARTICLES = r"(?:에서는|에는|이랑|보다|은|는|이|가|을|를|의|와|과|도|에|중)?"
_LEADING = re.compile(
    r"^(?:(?:is|was|are|were|did|does|do|has|have|had|which|who|when|of|between|both|either) )+",
    re.IGNORECASE,
)
_NAMED = re.compile(r"^(?:is|was|are|were|did|does|do|has|had) ", re.IGNORECASE)
_EMPTY = re.compile(
    r"(?:(?:the|an?|is|was|were|are|did|in|on|of|at|which|what|when|how|who|year|many|built|it|he"
    r"|she|they|one|older|first|born|old|[\d.,]+|어느|언제|누가|몇|더|것|것이|해)\s?)*",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\?|\b(?:who|what|when|where|which|how|why|whose|find|name)\b|언제|누구|무엇|어디|몇|어느|얼마|어떤|입니까|니까",
    re.IGNORECASE,
)
_CHOICE = {"en": re.compile(r"\b(?:or|and)\b|,"), "ko": re.compile(r"[와과] |또는|중 |가운데|,")}
VERSUS = {
    "en": re.compile(r"\b(?:before|after|than)\b", re.IGNORECASE),
    "ko": re.compile(r"보다|이전|이후|(?<=\s)(?:뒤|후|만|전)(?:에|으?로)?(?=\s)"),
}
"""What stands between a thing and the one that it is held against."""
_WHICH = {
    "en": re.compile(
        r"^(?:which|which one|who)(?: of (?:them|the two))? (?:is|was|are|were)\b", re.IGNORECASE
    ),
    "ko": re.compile(r"^(?:어느 (?:것|쪽)|누가)"),
}
_SUBJECT = {
    "en": re.compile(
        r"(?i:when|in (?:which|what) year|what year"
        r"|how (?:old|long|tall|high|large|big|deep|heavy|fast))"
        r" (?:was|is|did|were) (?P<name>(?:the )?[A-Z0-9][\w'.-]*(?: (?:of|the|[A-Z0-9][\w'.-]*|"
        r"(?:bridge|lighthouse|tower|mill|church|museum|ferry|harbour|harbor|castle|library)))*)"
        r"(?: (?:built|born|founded|opened|completed|established|released|published|launched))?"
        r"\??",
    ),
    "ko": re.compile(r"(?P<name>\S+(?: \S+){0,4}?)(?P<particle>은|는|이|가) (?:언제|몇|얼마나) .*"),
}
_TOPIC = re.compile(r"(\S+(?: \S+){0,3}?)(은|는|이|가|의) ")


def bare(question: str) -> str:
    """A question without what stands in brackets: plans fill in `(#1)`."""
    return re.sub(r"\s*[(\[][^)\]]*[)\]]", "", question).strip()


def things(question: str, labels: Sequence[str], language: Language) -> list[str] | None:
    """The compared thing that each label is about, in the order of the labels; None if unsure.

    Read from the alternatives of the question, else from the labels: a name, or the subject of a
    plain question.
    """
    found = alternatives(question, labels, language)
    if found is not None or _CHOICE[language].search(bare(question)):
        return found
    # "Which film ...?" asks for no name that "When was Ann born?" holds; "Which is ...?" may
    questions = any(_ASKS.search(label) for label in labels)
    if questions and not _WHICH[language].search(bare(question)):
        return None
    named = [_subject(label, language) for label in labels]
    distinct = {name.casefold() for name in named if name}
    return [n for n in named if n] if len(distinct) == len(labels) else None


def marked(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> list[str] | None:
    """Each thing that stands before its answer in brackets, as plans fill it in: "A (1898) or B
    (1901)"; None where that is not so for all. For names that hold an "or" themselves.
    """
    places = [_only(question, f"({answer})") for _, answer in answers]
    ends = [place + len(answer) + 2 for place, (_, answer) in zip(places, answers, strict=True)]
    if min(places) < 0:
        return None
    names = [
        _ending(question[max([0, *(end for end in ends if end <= place)]) : place], label, language)
        for place, (label, _) in zip(places, answers, strict=True)
    ]
    told = not any(map(_EMPTY.fullmatch, names))
    return names if told and len({name.casefold() for name in names}) == len(names) else None


def _ending(text: str, label: str, language: Language) -> str:
    """The longest name at the text's end that the label holds, "" for none."""
    words = text.split()
    for start in range(len(words)):
        name = " ".join(words[start:]).strip(",")
        begins = _STARTS[language].search(" ".join(words[:start])) and not _LEADING.match(name)
        if name and begins and _holds(label, name):
            return name
    return ""


def _only(text: str, part: str) -> int:
    """Where the part is, -1 where it is not, or more than once."""
    return text.find(part) if text.count(part) == 1 else -1


def _subject(label: str, language: Language) -> str | None:
    label = bare(label)
    if not _ASKS.search(label):
        return label if 0 < len(label.split()) <= 6 else None
    found = _SUBJECT[language].fullmatch(label)
    if found and language == "ko" and not fits(found["name"], found["particle"]):
        return None
    return found["name"] if found else None


def alternatives(question: str, labels: Sequence[str], language: Language) -> list[str] | None:
    """Each label's thing as the question names it: "A or B", "A와 B 중"; None if unsure."""
    text = bare(question)
    marks = list(_SEPARATOR[language].finditer(text))
    readings = {
        tuple(read)
        for i in range(len(marks) - len(labels) + 2)
        if (read := _reading(text, marks[i : i + len(labels) - 1], labels, language))
    }
    return list(readings.pop()) if len(readings) == 1 else None


def _reading(
    text: str, marks: Sequence[re.Match[str]], labels: Sequence[str], language: Language
) -> list[str] | None:
    if not marks:
        return None
    bounds = [0, *(n for mark in marks for n in mark.span()), len(text)]
    pieces = [text[a:b] for a, b in zip(bounds[::2], bounds[1::2], strict=True)]
    names: dict[int, str] = {}
    for place, piece in enumerate(pieces):
        read = _owner(piece, place == 0, place == len(pieces) - 1, labels, language)
        if read is None or read[0] in names:
            return None
        names[read[0]] = read[1]
    return [names[i] for i in range(len(labels))]


def reference(question: str, answers: Sequence[tuple[str, str]], language: Language) -> int | None:
    """Which of two answers the other is held against: the one named behind than, before or after,
    in Korean in front of 보다, 이전 or 뒤; None if unsure.
    """
    mark, places = VERSUS[language].search(question), _places(question, answers, language)
    if mark is None or len(places) != 2 or min(places) < 0:
        return None
    if language == "ko":
        told = max((place for place in places if place < mark.start()), default=-1)
    else:
        told = min((place for place in places if place > mark.start()), default=-1)
    return places.index(told) if told >= 0 else None


def _places(question: str, answers: Sequence[tuple[str, str]], language: Language) -> Sequence[int]:
    """Where a question speaks of each answer: by its value, else by its thing; -1 where it does
    not, or more than once.
    """
    labels = [label for label, _ in answers]
    ways = [
        [answer for _, answer in answers],
        alternatives(question, labels, language) or [],
        [_subject(label, language) or "" for label in labels],
        [_topic(label) for label in labels],
    ]
    for names in ways:
        places = [_place(question, name) for name in names]
        if places and min(places) >= 0 and len(set(places)) == len(places):
            return places
    return [-1] * len(labels)


def _topic(label: str) -> str:
    """What a Korean question begins with, "미라호" of "미라호는 승객을 몇 명 태우나요?"."""
    found = _TOPIC.match(label)
    return found[1] if found and fits(found[1], found[2]) else ""


def _place(question: str, name: str) -> int:
    found = list(re.finditer(rf"(?<!\w){re.escape(name)}(?![A-Za-z0-9])", question))
    return found[0].start() if name and len(found) == 1 else -1


def _owner(
    piece: str, first: bool, last: bool, labels: Sequence[str], language: Language
) -> tuple[int, str] | None:
    """The label that holds the longest name in a piece, and that name."""
    best = [_longest(piece, first, last, label, language) for label in labels]
    longest = max(best, key=len)
    owners = [i for i, name in enumerate(best) if name == longest]
    return (owners[0], longest) if longest and len(owners) == 1 else None


def _longest(piece: str, first: bool, last: bool, label: str, language: Language) -> str:
    words = piece.split()
    starts = range(len(words)) if first else [0]
    # "Does the Mira carry more than": the first name may be followed by its verb
    free = last or (first and language == "en" and _NAMED.search(piece) is not None)
    ends = range(len(words), 0, -1) if free else [len(words)]
    for start, end in itertools.product(starts, ends):
        name = _trim(" ".join(words[start:end]), last, language)
        rest = " ".join(words[end:]) if end < len(words) else ""
        if (
            name
            and _BEFORE[language].search(" ".join(words[:start]))
            and (_AFTER[language].search(rest) or words[end - 1].endswith("보다"))
            and not _EMPTY.fullmatch(name)
            and _holds(label, name)
        ):
            return name
    return ""


def _trim(name: str, last: bool, language: Language) -> str:
    name = name.strip(" ?.!,;:'\"")
    if language == "en":
        name = re.sub(rf"(?:\s{_VERB})+$", "", _LEADING.sub("", name))
    if (
        language == "ko"
        and last
        and (found := re.fullmatch(r"(.*\S{2})(은|는|이|가|의|보다)", name))
    ):
        return found[1] if found[2] == "보다" or fits(found[1], found[2]) else name
    return name


def _holds(label: str, name: str) -> bool:
    plain = re.sub(rf"^{_ARTICLE}", "", name, flags=re.IGNORECASE)
    return bool(re.search(rf"(?<!\w){re.escape(plain)}{_PARTICLES}(?!\w)", label, re.IGNORECASE))
