"""The pseudo-program of CoT-RAG (arXiv 2504.13534): steps that code answers from short answers.

Every function returns None on any doubt, and the model takes the step. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from churon.nodes import listing, measure
from churon.nodes.direction import Scale, by_more, direction, is_odd
from churon.nodes.meaning import polarity, same
from churon.nodes.option import VERSUS, alternatives, bare, marked, reference, things
from churon.tools.types import Language, Op
from churon.tools.values import Value, order, show, subject

_SHORT = {"en": 80, "ko": 40}
"""Characters of a short answer; what is longer is a sentence."""
_YES_NO = {"en": ("yes", "no"), "ko": ("예", "아니요")}
_ALL = {
    "en": re.compile(r"\b(?:both|all)\b", re.IGNORECASE),
    "ko": re.compile(r"둘 다|모두|양쪽 다|다 같이"),
}
_ANY = {
    "en": re.compile(r"\b(?:either|any)\b", re.IGNORECASE),
    "ko": re.compile(r"하나라도|적어도 하나"),
}
_SAME = {
    "en": re.compile(r"\b(?:same|equal)\b", re.IGNORECASE),
    "ko": re.compile(r"같[은다습았]|동일|똑같"),
}
_YEAR = re.compile(r"\bsame year\b|같은 (?:해|연도|년도)", re.IGNORECASE)
_AMOUNT = re.compile(
    r"\b(?:same|equal) (?:age|date|height|length|size|number|price|capacity|speed|weight|area|depth"
    r"|population|amount)\b"
    r"|(?:나이|날짜|높이|길이|크기|수|가격|정원|속도|무게|면적|깊이|인구)[가이는은]? 같",
    re.IGNORECASE,
)
_BIRTH = r"\b(?:born|birth\w*|age|old)\b|태어|출생|나이"
_EVENTS = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(told, re.IGNORECASE))
    for asked, told in (
        [r"\b(?:die[sd]?|dead|death|lived?)\b|죽|사망|숨[진졌]|서거|살았"] * 2,
        [r"\b(?:born|birth)\b|태어|출생"] * 2,
        [r"\bopen(?:s|ed)?\b|열었|열린|개장|개관"] * 2,
        [r"\bclose[sd]?\b|닫"] * 2,
        (r"^who\b.*\b(?:older|oldest|younger|youngest)\b|누가 .*나이", _BIRTH),
    )
)
"""What a question asks about, and what the facts that answer it must be about."""
_BY_HOW_MUCH = {
    "en": re.compile(
        r"\b(?:years|months|weeks|days|hours|minutes|decades?|century|centuries|times|twice|half"
        r"|within|only|just|shortly|soon|immediately|exactly)\b"
        r"|\ban? (?:year|month|week|day|hour)\b",
        re.IGNORECASE,
    ),
    "ko": re.compile(
        r"[한두세네몇]\s?배|[십백천몇]\s?년|\S배 |\S년 |개월|주일|세기|이내|만에|바로|직[전후]|불과"
        r"|겨우|훨씬"
    ),
}
"""More than before or after is asked: "ten years before"."""


@dataclass(frozen=True)
class Computed:
    """An answer that code worked out, and how."""

    answer: str
    """Short: a name, a number with its unit, yes or no in the language."""
    explanation: str
    """One sentence that shows the values."""


def compute(
    op: Op, question: str, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    """Work out a step from `answers`: (sub-question or name, short answer) of its parents in order.

    None when the step is no calculation, or anything about it is not certain.
    """
    if not answers or any(not said.strip() or _cut(said, language) for _, said in answers):
        return None
    names = marked(question, answers, language) if op == "compare" else None
    if is_odd(_without(names or [], question), language) or _other_event(bare(question), answers):
        return None
    match op:
        case "compare":
            return _compare(question, answers, names, language)
        case "boolean":
            return _boolean(question, answers, language)
        case "arithmetic":
            return _arithmetic(question, answers, language)
        case "count":
            return _count(question, answers, language)
        case _:
            return None


def _cut(answer: str, language: Language) -> bool:
    """A sentence in place of a short answer that a limit of tokens broke off: half a list, or half
    a number, is no value.
    """
    return len(answer) > _SHORT[language] and not answer.rstrip().endswith((".", "!", "。"))


def _other_event(question: str, answers: Sequence[tuple[str, str]]) -> bool:
    """Who died first cannot be told from births."""
    labels = [label for label, _ in answers]
    return any(
        asked.search(question) and not all(told.search(label) for label in labels)
        for asked, told in _EVENTS
    )


def _compare(
    question: str,
    answers: Sequence[tuple[str, str]],
    names: list[str] | None,
    language: Language,
) -> Computed | None:
    names = names or things(question, [label for label, _ in answers], language)
    if names and re.search(r"\d", _without(names, question)):
        return None  # "first after 1900"
    values = measure.values(answers)
    if names is None or values is None or len(values) < 2:
        return None
    scale = _scale(question, names, language)
    values = measure.suited(values, scale)
    sign = None if scale is None or values is None else scale.sign(values[0])
    if scale is None or values is None or sign is None:
        return None
    best = _winner(values, sign)
    if best is None:
        return None
    others = [i for i in range(len(values)) if i != best]
    born = all(re.search(_BIRTH, label, re.IGNORECASE) for label, _ in answers)
    return Computed(names[best], _compared(scale, names, values, best, others, language, born))


def _scale(question: str, names: Sequence[str], language: Language) -> Scale | None:
    """The direction, read with the names taken out: "First Bank" is not first."""
    return direction(_without(names, question), language)


def _without(names: Sequence[str], question: str) -> str:
    text = bare(question)
    for name in sorted(names, key=len, reverse=True):
        # Korean particles follow without a space
        text = re.sub(rf"(?<!\w){re.escape(name)}(?![A-Za-z0-9_])", " _ ", text)
    return text


def _winner(values: Sequence[Value], sign: int) -> int | None:
    """The one index whose value beats all others for certain."""
    for i, value in enumerate(values):
        if all(order(value, other) == sign for j, other in enumerate(values) if j != i):
            return i
    return None


def _compared(
    scale: Scale,
    names: Sequence[str],
    values: Sequence[Value],
    best: int,
    others: Sequence[int],
    language: Language,
    born: bool,
) -> str:
    space = "" if language == "ko" else " "
    shown = [
        f"{name}{space}({show(value, language)})" for name, value in zip(names, values, strict=True)
    ]
    said = scale.name
    if values[0].kind == "date" and not (born and said in ("older", "younger")):
        said = "earlier" if scale.sign(values[0]) == -1 else "later"
    rest = measure.listed([shown[i] for i in others], language)
    if language == "en":
        return f"{shown[best][0].upper()}{shown[best][1:]} is {said} than {rest}."
    return f"{shown[best]}{subject(names[best])} {rest}보다 {measure.KOREAN[said]}."


def _boolean(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    text = bare(question)
    if _SAME[language].search(text):
        return _equal(text, answers, language)
    if VERSUS[language].search(text) and (done := _versus(question, answers, language)):
        return done
    verdicts = [polarity(answer) for _, answer in answers]
    wants_all, wants_any = _ALL[language].search(text), _ANY[language].search(text)
    if None in verdicts or len(verdicts) < 2 or bool(wants_all) == bool(wants_any):
        return None
    if not all(listing.follows(label, text) for label, _ in answers):
        return None
    held = [verdict == "yes" for verdict in verdicts]
    return _verdict(all(held) if wants_all else any(held), answers, language)


def _equal(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    """Yes for answers that say the same; no only for values: names may have two spellings."""
    if len(answers) != 2 or any(polarity(answer) for _, answer in answers):
        return None
    (_, a), (_, b) = answers
    values = measure.values(answers)
    if values is not None and any(value.approximate for value in values):
        return None  # "about 300" twice
    if same(a, b):
        return _verdict(True, answers, language)
    equal = None if values is None else _equal_values(question, *values)
    return None if equal is None else _verdict(equal, answers, language)


def _equal_values(question: str, a: Value, b: Value) -> bool | None:
    """Same year, or same amount; None for the same decade, month and whatever else."""
    if _YEAR.search(question) and a.kind == "date":
        return None if a.approximate or b.approximate else a.year == b.year
    ordered = order(a, b)
    return None if ordered is None or not _AMOUNT.search(question) else ordered == 0


def _versus(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    """Is A before B?"""
    names = alternatives(question, [label for label, _ in answers], language)
    values = measure.values(answers)
    if names is None or values is None or len(values) != 2:
        return None
    asked = _without(names, question)
    if re.search(r"\d", asked) or _BY_HOW_MUCH[language].search(asked):
        return None
    held = _held(question, names, answers, values, language)
    if held is None or (held == 0 and not measure.exact(values)):  # one year, unknown months
        return None
    return _verdict(held == 1, answers, language)


def _held(
    question: str,
    names: Sequence[str],
    answers: Sequence[tuple[str, str]],
    values: Sequence[Value],
    language: Language,
) -> int | None:
    """1 where one thing is as much more, or later, than the other as the question has it, -1 where
    it is less, 0 where they are equal; None if unsure.
    """
    against = reference(question, answers, language)
    words = VERSUS[language].findall(bare(question))
    scale = measure.scale_of(words) or _scale(question, names, language) or by_more(bare(question))
    suited = measure.suited(values, scale)
    if against is None or scale is None or suited is None:
        return None
    sign, ordered = scale.sign(suited[0]), order(suited[1 - against], suited[against])
    return None if sign is None or ordered is None else sign * ordered


def _verdict(
    holds: bool, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    word = _YES_NO[language][0 if holds else 1]
    facts = "; ".join(f"{label.rstrip('?. ')}: {answer.strip(' .')}" for label, answer in answers)
    return Computed(word, f"{facts} → {word}.")


def _arithmetic(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    values = measure.values(answers)
    if values is None or len(values) < 2 or measure.constants(bare(question), answers):
        return None
    names = marked(question, answers, language) or []
    if _held(question, names, answers, values, language) == -1:
        return None  # "how many more" of the smaller one
    worked = measure.work(bare(question), values, language)
    return None if worked is None else Computed(*worked)


def _count(
    question: str, answers: Sequence[tuple[str, str]], language: Language
) -> Computed | None:
    counted = listing.count(bare(question), answers, language)
    return None if counted is None else Computed(*counted)
