"""What a run's events tell: the first ranking, seconds by kind of step, calls of failed runs."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from langchain_core.documents import Document
from support.bridge import QUESTION as TWO_HOPS
from support.bridge import TEXTS as BRIDGES
from support.bridge import model as bridging
from support.ferry import QUESTION, TEXTS, model
from support.world import ListStore, world

from churon.evals.baselines.registry import build
from churon.evals.listener import Listener
from churon.evals.short import shorten, tidy, wants_verdict
from churon.tools.errors import StoreError


class Backwards:
    """Keeps the last `n`, the very last first."""

    def __init__(self, n: int) -> None:
        self.n = n

    async def rerank(self, query: str, documents: Any, k: int) -> list[Document]:
        return list(documents)[::-1][: self.n]


async def heard(graph: str, **given: Any) -> tuple[Listener, Any]:
    listener = Listener()
    hops = graph in ("cot_rag", "mcts_rag")
    answer, texts = (bridging(), BRIDGES) if hops else (model(), TEXTS)
    machine = build(graph, world(answer, texts, **given))
    asked = {"question": TWO_HOPS if hops else QUESTION}
    return listener, await machine.ainvoke(asked, {"callbacks": [listener]})


@pytest.mark.parametrize("graph", ["two_stage", "self_rag", "cot_rag", "mcts_rag", "auto"])
async def test_calls_and_tokens_are_those_of_the_budget(graph: str) -> None:
    listener, output = await heard(graph)
    told = listener.usage(1.0)
    for name in ("calls", "tokens", "searches"):
        assert told[name] == output["usage"][name]  # type: ignore[literal-required]


async def test_kinds_of_steps() -> None:
    listener, _ = await heard("self_rag", reranker=Backwards(3))
    assert set(listener.stages) == {"search", "rerank", "grade", "generate", "critique"}
    planned, _ = await heard("cot_rag")
    assert {"plan", "search", "read"} <= set(planned.stages)


async def test_the_first_ranking_as_reranked_then_the_rest() -> None:
    listener, _ = await heard("two_stage")
    assert listener.ranked()[0] == "p1" and len(listener.ranked()) == 3
    reranked, _ = await heard("two_stage", reranker=Backwards(2))
    plain = listener.ranked()
    assert reranked.ranked() == [plain[2], plain[1], plain[0]]
    assert [one["document"] for one in reranked.ranked_spans()] == [
        f"{id_[1:]}.md" for id_ in reranked.ranked()
    ]
    assert all(one["end"] > one["start"] for one in reranked.ranked_spans())


async def test_later_searches_do_not_count() -> None:
    listener, output = await heard("cot_rag", k1=2, k2=1)
    assert output["usage"]["searches"] > 1 and len(listener.ranked()) == 2


async def test_without_a_search_nothing_is_ranked() -> None:
    listener, _ = await heard("closed_book")
    assert listener.ranked() == []


async def test_a_failed_run_has_spent_too() -> None:
    listener = Listener()
    store = ListStore(TEXTS, error=StoreError("Milvus is gone."))
    machine = build("two_stage", world(model(), store=store))
    with pytest.raises(StoreError):
        await machine.ainvoke({"question": QUESTION}, {"callbacks": [listener]})
    assert listener.usage(0.5)["searches"] == 1 and "search" in listener.stages


def test_branches_are_summed() -> None:
    ticks = iter([0.0, 1.0, 3.0, 5.0])
    listener = Listener(clock=lambda: next(ticks))
    first, second = uuid.uuid4(), uuid.uuid4()
    listener.on_retriever_start(None, "a", run_id=first, name="milvus")
    listener.on_retriever_start(None, "b", run_id=second, name="milvus")
    listener.on_retriever_end([], run_id=first)
    listener.on_retriever_end([], run_id=second)
    assert listener.stages == {"search": 7.0}


KOREAN_CLOSED = [
    *("배는 떠났는가?", "배에 주차가 가능한가요?", "누군가 다쳤나요?", "뭔가 잘못되었나요?"),
    *("어디나 갈 수 있습니까?", "임진왜란은 1592년에 일어났나요?", "지도는 왜곡되었습니까?"),
    *("누가복음은 신약에 속하나요?", "몇몇 국가가 참여했나요?", "이월할 수 있어?", "수도 맞아?"),
    *("환불 돼?", "한국은 회원국이야?", "수도는 서울이지?", "맞아요?", "서울이에요?"),
    "이 배가 더 크다?",
]
KOREAN_OPEN = [
    *("배는 언제 떠났는가?", "다친 사람은 누군가?", "사장의 이름은?", "배를 만든 해는?"),
    *("배를 그린 화가?", "배는 섬까지 어떠한 길로 가나?", "두 제도의 차이는 뭔가요?"),
    *("본사는 어딘가요?", "가격은 얼만가요?", "조건은 뭡니까?", "책임자는 누굽니까?"),
    *("회의는 언젭니까?", "배송은 며칠 걸리나요?", "어째서 실패했나요?", "무얼 뜻하나요?"),
    *("휴가 신청 절차를 알려주세요.", "환불 절차를 설명해 주세요", "왜 실패했나요?"),
    *("무료인가요 아니면 유료인가요?", "서울인가요, 부산인가요?", "프로젝트의 개요?"),
    *("2023년 반도체 수요", "대표의 출생지?", "음악 분야?"),
]


@pytest.mark.parametrize(
    ("question", "language", "closed"),
    [
        ("Is it open?", "en", True),
        ("Is it red or blue?", "en", False),
        ("Who is it?", "en", False),
        ("Can you tell me who leads the Lumen?", "en", False),
        ("Could you please name the captain?", "en", False),
        ("Do you know when it opened?", "en", False),
        ("Do you know whether it is open?", "en", True),
        ("Can you tell me if it is open?", "en", True),
        ("Can you take a dog?", "en", True),
        ("Do the rules list dogs?", "en", True),
        *((one, "ko", True) for one in KOREAN_CLOSED),
        *((one, "ko", False) for one in KOREAN_OPEN),
    ],
)
def test_what_wants_a_verdict(question: str, language: Any, closed: bool) -> None:
    assert wants_verdict(question, language) is closed


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Answer: 07:30.\nMore", "07:30"),
        ("“Aren”", "Aren"),
        ("", ""),
        ("답: 198명", "198명"),
        ("Answer:\nSora Han", "Sora Han"),
        ("```\nSora Han\n```", "Sora Han"),
        ("…", ""),
    ],
)
def test_a_short_answer_is_tidied(text: str, short: str) -> None:
    assert tidy(text) == short


@pytest.mark.parametrize(
    ("answer", "said", "short"),
    [
        ("존 브라운", "호프스페리", "존 브라운"),
        ("It is\n2.14 km long.", "2.20 km", "It is 2.14 km long."),
        ("서울 IT선언입니다.", "'서울 IT 선언'", "서울 IT 선언"),
        ("The “Garam”, of 1998.", "Garam of 1998", "Garam of 1998"),
        ("Captain Sora Han.", "…", "Captain Sora Han."),
    ],
)
async def test_words_that_the_answer_does_not_hold_are_not_its_span(
    answer: str, said: str, short: str
) -> None:
    port = await world(lambda step, prompt: said).chat()
    language: Any = "ko" if answer[0] > "z" else "en"
    asked = "다리 이름은?" if language == "ko" else "What?"
    assert (await shorten(port, asked, answer, language)).text == short


@pytest.mark.parametrize(
    ("said", "short"),
    [("연방군 무기고", "존 브라운"), ("브라운", "브라운"), ("존 브라운", "존 브라운")],
)
async def test_words_of_the_question_are_not_its_answer(said: str, short: str) -> None:
    port = await world(lambda step, prompt: said).chat()
    asked = "하퍼스페리의 연방군 무기고를 기습한 사람은?"
    answer = "하퍼스페리의 연방군 무기고를 기습한 사람은 '존 브라운'입니다. [1]"
    assert (await shorten(port, asked, answer, "ko")).text == short
    other = "존 브라운은 연방군 무기고를 기습한 사람입니다."
    assert (await shorten(port, asked, other, "ko")).text == said


async def test_one_prompt_shortens_for_all() -> None:
    seen: list[str] = []

    def answer(step: str, prompt: str) -> str:
        seen.append(prompt)
        return "Answer: yes."

    port = await world(answer).chat()
    asked = await shorten(port, "Is it open?", "It is open, {answer}.", "en")
    assert asked.text == "yes" and asked.calls == 1
    opening = await shorten(port, "Is it open?", "Yes, it is.", "en")
    assert (opening.text, opening.calls, opening.tokens) == ("Yes", 0, 0)
    assert (await shorten(port, "그것은 열렸는가?", "열려 있다.", "ko")).text == "yes"
    assert len(seen) == 2 and "{answer}" in seen[0] and "Write yes or no in English" in seen[1]
