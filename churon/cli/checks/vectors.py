"""The embedding model, by what it does: the length of a vector, and sense made of Korean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from churon.cli.checks.finding import Finding, error, ok, warning
from churon.tools.toolkit import Toolkit

KOREAN = (
    (
        "집에서 기르는 고양이가 밥을 안 먹어요",
        "반려동물의 식욕이 떨어지면 동물병원에서 진찰을 받는다.",
    ),
    (
        "비행기표를 취소하고 돈을 돌려받고 싶습니다",
        "항공권 환불은 출발 하루 전까지 수수료 없이 가능하다.",
    ),
    ("컴퓨터 암호를 잊어버렸을 때", "로그인 비밀번호 재설정은 전산실에 신청한다."),
    ("아이가 열이 나고 기침을 해요", "감기에 걸린 어린이는 소아과에서 해열제를 처방받는다."),
    ("이번 달 월급은 언제 들어오나요", "직원의 급여는 매달 25일에 지급된다."),
    ("김치찌개는 어떻게 끓이나요", "냄비에 돼지고기와 묵은 배추절임을 볶고 물을 부어 익힌다."),
)
"""Questions and passages that share a meaning and hardly a word."""
_ENOUGH = 5


async def embedding(toolkit: Toolkit) -> list[Finding]:
    """One vector, its length as set. Raises ChuronError where there is no model."""
    wanted, model = toolkit.settings.embedding.dimensions, toolkit.settings.embedding.model
    got = len(await (await toolkit.embeddings()).aembed_query("churon"))
    if got == wanted:
        return [ok("embedding", f"{model} gives {got} dimensions")]
    return [
        error(
            "embedding",
            f"{model} gives {got} dimensions, the settings say {wanted}",
            f"Set embedding.dimensions = {got}, then ingest into another store.collection.",
        )
    ]


async def korean(toolkit: Toolkit) -> list[Finding]:
    """Whether Korean questions find their passages: English embedders rank them by chance, and so
    does a damaged one.
    """
    embeddings, model = await toolkit.embeddings(), toolkit.settings.embedding.model
    passages = await embeddings.aembed_documents([passage for _, passage in KOREAN])
    right = 0
    for place, (question, _) in enumerate(KOREAN):
        scores = [_cosine(await embeddings.aembed_query(question), one) for one in passages]
        right += max(range(len(scores)), key=scores.__getitem__) == place
    found = f"{model} finds {right} of {len(KOREAN)} Korean probes"
    if right >= _ENOUGH:
        return [ok("Korean", found)]
    if toolkit.settings.embedding.provider == "embedded":  # the catalogue's model knows Korean
        return [error("Korean", f"{found}: its file is damaged", f"churon models verify {model}")]
    return [
        warning(
            "Korean",
            f"{found}: it does not know Korean",
            "For Korean documents take a multilingual model, such as embedding.model = 'bge-m3' "
            "with embedding.dimensions = 1024 and embedding.query_prefix = '', and ingest into "
            "another store.collection.",
        )
    ]


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    lengths = math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / (lengths or 1.0)
