"""Self-RAG's formulas (arXiv 2310.11511, section 3.3) and the decisions that rest on them. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence

from churon.tools.context import RagContext
from churon.tools.models.labels import Distribution
from churon.tools.types import Candidate, Claim, Status, Support

WORST_FIRST: tuple[Support, ...] = ("none", "unchecked", "partial", "full")
UTILITY_WEIGHTS = {"1": -1.0, "2": -0.5, "3": 0.0, "4": 0.5, "5": 1.0}
_CLOSED = {"yes": "yes", "no": "no", "예": "yes", "네": "yes", "아니요": "no", "아니오": "no"}


def wants_retrieval(decision: Distribution, delta: float) -> bool:
    """Retrieve iff p(yes) / (p(yes) + p(no)) > delta, on probabilities, never on log-probs."""
    asserted, denied = decision.p("Y"), decision.p("N")
    return asserted / (asserted + denied) > delta if asserted + denied > 0 else True


def support_score(critique: Distribution) -> float:
    """s_sup = (p(full) + 0.5 p(partial)) / (p(full) + p(partial) + p(none)), in [0, 1]."""
    full, partial, none = (critique.p(label) for label in "FPN")
    return (full + 0.5 * partial) / (full + partial + none)


def utility_score(critique: Distribution) -> float:
    """s_use = sum of w_i p(i), w = (-1, -0.5, 0, 0.5, 1), over normalised p; in [-1, 1]."""
    return critique.expected(UTILITY_WEIGHTS) / sum(critique.labels.values())


def segment_score(candidate: Candidate, context: RagContext) -> float:
    """exp(mean token log-prob) + w_rel s_rel + w_sup s_sup + w_use s_use; unknown parts count 0."""
    if not candidate["text"]:
        return -math.inf
    logprob = candidate["mean_logprob"]
    fluency = 0.0 if logprob is None else math.exp(min(logprob, 0.0))
    return (
        fluency
        + context.w_rel * (candidate["s_rel"] or 0.0)
        + context.w_sup * (candidate["s_sup"] or 0.0)
        + context.w_use * (candidate["s_use"] or 0.0)
    )


def path_score(segments: Sequence[float]) -> float:
    """Mean of the segments' scores, so that length neither helps nor hurts; -inf for none."""
    return sum(segments) / len(segments) if segments else -math.inf


def best_candidate(candidates: Mapping[str, Candidate], context: RagContext) -> Candidate | None:
    """The best path; in a closed answer set (yes, no) the option with the highest sum of scores.

    Scores are soft, but a winner that would be withheld for want of support gives way to the best
    one that would not, unless the run is `faithful`.
    """
    written = _as_fluent([candidate for candidate in candidates.values() if candidate["text"]])
    if not written:
        return None
    standing = written
    if not context.faithful:
        standing = [c for c in written if _stands(c, context)] or written
    ranked = sorted(standing, key=lambda c: (-segment_score(c, context), c["evidence_id"]))
    options = [closed_option(candidate["text"]) for candidate in ranked]
    if None in options:
        return ranked[0]
    sums = {
        option: sum(
            segment_score(c, context) for c, o in zip(ranked, options, strict=True) if o == option
        )
        for option in options
    }
    best = max(sums, key=lambda option: sums[option])
    return ranked[options.index(best)]


def _as_fluent(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates, those of unknown fluency (which were read again) with the others' mean: of
    nothing else may they win or lose.
    """
    logprobs = [one["mean_logprob"] for one in candidates]
    known = [math.exp(min(logprob, 0.0)) for logprob in logprobs if logprob is not None]
    mean = math.log(max(sum(known) / len(known), 1e-9)) if known else None
    return [
        {**one, "mean_logprob": mean} if one["mean_logprob"] is None else one for one in candidates
    ]


def _stands(candidate: Candidate, context: RagContext) -> bool:
    support = candidate["s_sup"]
    return support is None or support >= context.support_threshold


LOW_AGREEMENT = 0.5
"""Less of the candidates' scores on the winner's side: they contradict one another."""


def agreement(best: Candidate, candidates: Sequence[Candidate], question: str) -> float:
    """Share of the candidates' support that is on the winner's side, in [0, 1].

    Two candidates agree when most of what they add to the question's own words is the same, or
    when both open with the same yes or no.
    """
    written = [one for one in candidates if one["text"]]
    weight = {one["evidence_id"]: one["s_sup"] or 0.0 for one in written}
    total = sum(weight.values())
    alike = [one for one in written if _agree(best["text"], one["text"], question)]
    return sum(weight[one["evidence_id"]] for one in alike) / total if total else 1.0


def _agree(a: str, b: str, question: str) -> bool:
    options = closed_option(a), closed_option(b)
    if None not in options:
        return options[0] == options[1]
    known = set(normalised(question).split())
    new = [{w for w in normalised(text).split() if w not in known} for text in (a, b)]
    shared = [x for x in new[0] if any(_inflects(x, y) for y in new[1])]
    return 2 * len(shared) >= min(len(part) for part in new)


def _inflects(a: str, b: str) -> bool:
    """파도호 is a shorter form of 파도호는, 198명 of 198명이; 19 is none of 198."""
    short, long = sorted((a, b), key=len)
    rest = long.removeprefix(short)
    if not any(map(str.isdigit, long)):
        return long.startswith(short)
    return not rest or (long.startswith(short) and bool(re.fullmatch(r"[가-힣]+", rest)))


_OPTION = re.compile(
    r"\W*(yes\b|no\b(?!\.?\s?\d)|아니[요오]\b|예(?!\s?[:\d]|\w)"
    r"|네(?!\w|\s(?:척|명|개|마리|대|번|번째|곳|가지|군데|사람|시|살|배|권|장|채|달|차례|종류|쌍|편|층"
    r"|시간|주|나라|도시|단계|분|형제|자매|해|팀|회|부분|지역|학교|사건)"
    r"(?:(?:[이가은는을를의도과와에로만씩간]|으로|밖에|뿐|마다|\s동안)\w{0,3}|입니다)?(?!\w)))"
)
"""Not "No. 5", not 예: for "for example", and not 네 before what there are four of."""


def closed_option(answer: str) -> str | None:
    """ "yes" or "no" when the answer opens with one, in either language."""
    found = _OPTION.match(unicodedata.normalize("NFKC", answer).casefold())
    return _CLOSED[found[1]] if found else None


def support_label(score: float | None, threshold: float) -> Support:
    """Full from halfway between threshold and 1, partial from the threshold, else none."""
    if score is None:
        return "unchecked"
    if score >= (1 + threshold) / 2:
        return "full"
    return "partial" if score >= threshold else "none"


def status_of(claims: Sequence[Claim]) -> Status:
    """Grounded when every sentence is fully supported, ungrounded when none has any support."""
    supports = [claim["support"] if claim["evidence_ids"] else "none" for claim in claims]
    if supports and all(support == "full" for support in supports):
        return "grounded"
    # an unchecked sentence that names its passage is neither proven nor refuted
    return "ungrounded" if all(support == "none" for support in supports) else "partial"


def normalised(text: str) -> str:
    """NFKC, case folded, words only: equal for texts that differ in punctuation or spacing."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


_NONE = re.compile(
    r"\W*NONE(?![A-Za-z0-9_])"
    r"|[^.!?。]*(?<![A-Za-z0-9_])NONE(?:\s?(?:입니다|이다))?(?:\[\d[\d, ]*\]|[^\w\[])*$"
)


def is_refusal(text: str) -> bool:
    """The model wrote NONE (or nothing, or "unknown") for a passage without the answer, also as the
    end of its one sentence: "The place of birth is NONE."
    """
    return normalised(text) in _REFUSALS or bool(_NONE.match(text))


def asks_again(sentence: str, question: str) -> bool:
    """Whether it asks the question again instead of answering it, as small models do: it is the
    order that was given, or ends with a question mark, and half of its words or more are the
    question's. A question that it quotes at its end is what it says.
    """
    if normalised(sentence) == normalised(question) and _ORDER.search(question):
        return True
    if not sentence.rstrip("\"'”’)").endswith(("?", "？")) or _QUOTES.search(sentence):
        return False
    words, asked = normalised(sentence).split(), normalised(question).split()
    return 2 * sum(any(_inflects(word, one) for one in asked) for word in words) >= len(words)


_ORDER = re.compile(
    r"^(?:please |now )?(?:name|list|give|tell|find|show|describe|explain|check|look|state)\b"
    r"|(?:세요|시오|해라|[해려]\s?줘)\W*$",
    re.IGNORECASE,
)
_QUOTES = re.compile(
    r"""\S\s*(?:[:：]\s|[\s:(은는이가]["'“‘「『《])[^"'”’」』》]*[?？]["'”’」』》)]*\s*$"""
)
"""A colon, or a particle or blank and a mark, and the question that ends the sentence."""


def is_none_of(short: str, statement: str) -> bool:
    """Whether a short answer that reads like a refusal, 없습니다 or None, is what the statement
    says: there is no such thing. A statement that speaks of what is told says nothing.
    """
    said = normalised(short) in _NONE_OF and not short.startswith("NONE")
    return said and bool(_NO_SUCH.search(statement)) and not _UNTOLD.search(statement)


_NONE_OF = {"none", "없음", "없습니다", "없다"}
_NO_SUCH = re.compile(
    r"^no \w+|\bthere (?:is|are|was|were) no\b|\b(?:has|have|had|with|in|on|carr\w+|offers?) no\b"
    r"|\bnone of\b|(?<!수)(?:[은는이가도]|\s)\s*없(?:다|습니다|었|음)",
    re.IGNORECASE,
)
_UNTOLD = re.compile(
    r"\b(?:passages?|text|documents?|context|information|answer|mention\w*|stated?|specif\w+|given"
    r"|provided|listed|known|unknown|found|determined|shown|indicated|reported|recorded|described"
    r"|disclosed|says?)\b"
    r"|(?:^|\s)(?:답|답변|정답|정보|내용|언급|글|본문|문서|자료|설명|기록)(?:[은는이가에도을를]|에는|에서)?(?:\s|$)"
    r"|수\s?없|(?:제시|명시|언급|기재|나와|나타|확인|알려|기록|공개|포함)\S*\s?(?:있지\s?)?않",
    re.IGNORECASE,
)
_REFUSALS = {"", "none", "n a", "na", "null", "unknown", "not known", "not found"} | {
    "없음", "없습니다", "없다", "모름", "모릅니다", "알 수 없음", "알 수 없습니다"
}  # fmt: skip
