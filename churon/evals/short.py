"""The span in a graph's sentences: fixed prompts, the same for all variants.

Accepted answers are spans and the graphs write sentences; one model shortens every answer at
temperature 0, knowing the question and the answer only. Not part of a run's usage, but of what an
evaluation may spend.

Whether a question wants yes or no is read off its form by code, and Korean verdicts are asked for
in English. Tried on hand-made cases: with "or yes/no" in one prompt for all questions,
Qwen2.5-Coder 1.5B wrote "yes" or "예" to 11 of 13; asked for 예 or 아니요 in Korean, to 6 of 6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize

from churon.evals.prompts import PROMPTS
from churon.nodes.cite import alike, without_keys
from churon.tools.models.base import ChatPort, Want
from churon.tools.types import Language

MOST_TOKENS = 24
MOST_CHARS = 4_000
"""Of the answer: far more than a graph writes, and it fits every model's context."""
_CLOSED = re.compile(
    r"(is|are|was|were|do|does|did|can|could|has|have|had|will|would|should)\b(?!.*\bor\b)",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"(can|could|would|will|do|did|may|might)\b.{0,12}\b(you|i|we|someone|anyone)\b.{0,20}?"
    r"\b(tell|name|list|give|say|show|explain|describe|know|find|state|provide|identify|remind|ask)\b"
    r"(?!( \w+)? (if|whether)\b)",
    re.IGNORECASE,
)
"""A wish to be told, in the form of a question: "Can you tell me who …?"."""
_OPEN = re.compile(
    # whole words, or with their particles; what is indefinite ("누구나", "뭔가 …") asks nothing
    r"누구(?!나|도)|누가(?!복음)|누굴|누굽|언제(?!나|든)|언젭|(?<!몇)몇(?!몇)|며칠"
    r"|어디(?!나|서나|에나|든)|어딜|어딥|무엇(?!이든|이나)|무얼|무슨|뭐|뭘|뭡|어느|어떤|어떻게|어떠"
    r"|어째서|(?<![가-힣])왜(?![가-힣])|얼마(?!든)|얼맙|(누군|어딘|뭔|언젠|얼만)(가요?\W*$|(?!가))"
    # a choice, and a wish to be told
    r"|아니면|(나요|가요|까)\s*,|(주세요|주십시오|줘|달라|주시오|시오)\W*$"
)
_PREDICATE = re.compile(
    r"(까|[나가까어아해여세에예래지]요|죠|[느으]냐|[는은인던한큰된른픈운긴]가"
    r"|(있|없|었|았|했|였|왔|갔|졌|됐|렸|겠|하|되|이|크|많|적|같|맞|높|좋)[니나냐다어아지]"
    r"|(?<!분)야|돼|해)\W*$"
)
"""How a Korean sentence ends; other questions end in what is asked for ("…의 이름은?")."""
_OPENING = re.compile(r"\W*(yes|no|예|네|아니요|아니오)\s*([,.!。]|$)", re.IGNORECASE)
_LABEL = re.compile(r"^(answer|답변?)\s*:\s*", re.IGNORECASE)
_COPULA = re.compile(r"(?P<topic>.+[은는])\s+(?P<said>\S.*?)(?:입니다|이다|이에요|예요)[.\s]*")
_SAME = 0.6
"""Share of bigrams that makes a topic the question again."""
_QUOTES = "\"'“”‘’` "


def wants_verdict(question: str, language: Language) -> bool:
    """The question is answered by yes or no: an auxiliary opens it and it offers no choice, or, in
    Korean, it is a whole sentence without an interrogative.
    """
    if language == "ko":
        return bool(_PREDICATE.search(question)) and not _OPEN.search(question)
    return bool(_CLOSED.match(question)) and not _REQUEST.match(question)


def tidy(text: str) -> str:
    """The first line with words, without label, quotes and full stop; "" for none."""
    for line in text.splitlines():
        bare = "" if line.strip().startswith("```") else _LABEL.sub("", line.strip())
        if _plain(bare):
            return bare.strip(_QUOTES).removesuffix(".").strip(_QUOTES)
    return ""


@dataclass(frozen=True)
class Short:
    """A short answer, and the tokens that it took; none where no model was asked."""

    text: str
    tokens: int = 0

    @property
    def calls(self) -> int:
        """Of the model."""
        return int(self.tokens > 0)


async def shorten(port: ChatPort, question: str, answer: str, language: Language) -> Short:
    """The short answer; one that opens with its verdict is not asked about.

    Words that the answer does not hold are not its span: the answer itself is kept then.
    """
    closed = wants_verdict(question, language)
    opening = _OPENING.match(answer) if closed else None
    if opening:
        return Short(opening[1])
    step = "verdict" if closed else "short"
    prompt = PROMPTS.messages(step, language, question=question, answer=answer[:MOST_CHARS])
    said = await port.complete(prompt, Want(max_tokens=MOST_TOKENS, temperature=0.0))
    short = tidy(said.text)
    if not _plain(short) or (not closed and _plain(short) not in _plain(answer)):
        short = " ".join(answer.split())
    elif not closed and language == "ko":
        short = _predicate(question, answer, short)
    return Short(short, max(1, said.prompt_tokens + said.completion_tokens))


def _predicate(question: str, answer: str, short: str) -> str:
    """Of "…한 사람은 김한수입니다.", which says the question again, what it says of it, where the
    model took words of the question.
    """
    found = _COPULA.fullmatch(without_keys(answer))
    if found is None or alike(question, found["topic"]) < _SAME:
        return short
    said = found["said"].strip(_QUOTES)
    return short if _plain(short) in _plain(said) else said


def _plain(text: str) -> str:
    """Letters and digits alone: models change quotes and spaces when they copy."""
    return re.sub(r"[\W_]", "", normalize("NFKC", text)).casefold()
