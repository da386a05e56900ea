"""Rows as an evaluation would make them: three variants, two sets, two languages, every outcome."""

from __future__ import annotations

import random
from typing import Any, get_args

from support.reasoned import node, plan_run, result, step, tree_run
from support.rows import case, passage, provenance, row

from churon.evals.types import Case, Passage, Row
from churon.tools.types import Language, Support

VARIANTS = {"two_stage": 0.42, "self_rag": 0.60, "mcts_deep": 0.78}
"""With the share of questions that each answers well."""
COSTS = {"two_stage": (2, 1.4), "self_rag": (11, 6.5), "mcts_deep": (48, 31.0)}
"""Model calls and seconds."""
NAMES = {
    "en": ["the Lumen ferry", "Aren harbour", "Captain Sora Han", "the Mirae bridge", "Port Dol"],
    "ko": ["파도호", "아렌 항구", "한소라 선장", "미래대교", "돌섬 등대"],
}
QUESTIONS = {
    "en": "When was {name} built, and who ran it in its {n}th year of service?",
    "ko": "{name}은(는) 언제 지어졌고 취항 {n}년째에는 누가 운영했는가?",
}
SENTENCES = {
    "en": "{name} was built in {year}, as the harbour's register says.",
    "ko": "{name}은(는) 항만 대장에 따르면 {year}년에 지어졌다.",
}
FILLERS = {
    "en": "Sheet {name} of the register lists the berths in use, the tides of the week and the men "
    "on watch.\nNo ship may cast off before the pilot has signed.",
    "ko": "대장 {name}쪽에는 쓰이는 선석과 그 주의 물때, 당직자가 적혀 있다.\n"
    "도선사가 서명하기 전에는 어떤 배도 떠날 수 없다.",
}


def made(cases: int = 60, seed: int = 7) -> list[Row]:
    """Half English, half Korean; a sixth has no answer."""
    luck = random.Random(seed)
    asked = [_case(luck, place) for place in range(cases)]
    return [_row(luck, one, name) for one in asked for name in VARIANTS]


def _case(luck: random.Random, place: int) -> Case:
    language: Language = "en" if place % 2 == 0 else "ko"
    name, year = NAMES[language][place % 5], str(1900 + luck.randrange(100))
    answerable = place % 6 != 5
    gold = {f"p{place}-{i}": 1 for i in range(luck.choice((1, 1, 2)))} if answerable else {}
    return case(
        f"{language}-{place:03}",
        question=QUESTIONS[language].format(name=name, n=place + 1),
        language=language,
        answers=[year, f"in {year}"] if answerable else [],
        answerable=answerable,
        relevant=gold,
        tags=["2hop" if len(gold) > 1 else "1hop"],
    )


def _row(luck: random.Random, asked: Case, variant: str) -> Row:
    language: Any = asked["language"]
    calls, seconds = COSTS[variant]
    whole = {
        "variant": variant,
        "graph": variant.partition("_deep")[0].replace("mcts", "mcts_rag"),
        "at": f"2026-03-02T10:{luck.randrange(60):02}:00+00:00",
        "provenance": _provenance(language, variant),
        "seconds": round(seconds * luck.uniform(0.6, 1.9), 2),
    }
    if luck.random() < 0.03:
        return row(asked, error="ModelUnreachable: the model server does not answer.", **whole)
    good = luck.random() < VARIANTS[variant]
    read, ranked = _read(luck, asked, good)
    spent = round(calls * luck.uniform(0.7, 1.3))
    usage = {"calls": spent, "tokens": spent * luck.randrange(300, 420), "searches": 1 + spent // 9,
             "seconds": whole["seconds"], "cache_hits": spent // 4}  # fmt: skip
    stages = {"search": 0.2, "rerank": 0.4, "grade": seconds * 0.3, "generate": seconds * 0.4}
    told = {"usage": usage, "stages": stages, "read": read, "ranked": ranked, "missing": []}
    return row(asked, **whole, **told, **_ended(luck, asked, good, variant, read))


def _provenance(language: str, variant: str) -> Any:
    deep = {"rollouts": 12} if variant == "mcts_deep" else {}
    return provenance(
        set=f"harbour-{language}",
        corpus="9f31c2ab",
        model="embedded:qwen2.5-coder-1.5b",
        embedding="embedded:multilingual-e5-small:384",
        reranker="onnx:bge-reranker-v2-m3",
        prompts="5d1e0c7a+b1f3",
        context={"k1": 20, "k2": 5, "max_iter": 3, **deep},
        settings={"chat.temperature": 0.0, "critic.calibration": True},
        versions={"python": "3.11", "churon": "0.1.0", "langgraph": "1.2.3"},
    )


def _read(luck: random.Random, asked: Case, good: bool) -> tuple[list[Passage], list[str]]:
    gold = [one for one in asked["relevant"] if good or luck.random() < 0.35]
    other = [f"x{luck.randrange(400)}" for _ in range(8)]
    names = list(dict.fromkeys([*gold, *other]))
    luck.shuffle(names) if not good else None
    read = [
        _passage(luck, name, name in gold, place, _text(asked, name))
        for place, name in enumerate(names[:5])
    ]
    read.sort(key=lambda one: -(one["relevance"] or 0))
    return read, names


def _text(asked: Case, name: str) -> str:
    """The same in every run; a gold passage says what is asked for."""
    language: Any = asked["language"]
    filler = FILLERS[language].format(name=name)
    if name not in asked["relevant"]:
        return filler
    about = NAMES[language][int(asked["id"][-3:]) % 5]
    return f"{filler} {SENTENCES[language].format(name=about, year=asked['answers'][0])}"


def _passage(luck: random.Random, name: str, gold: bool, place: int, text: str) -> Passage:
    relevance = luck.betavariate(5, 2) if gold else luck.betavariate(1.5, 3.5)
    start = luck.randrange(4_000)
    return passage(
        name, document=f"docs/harbour/register-{name}.md", start=start,
        end=start + len(text), text=text, retrieval_score=round(0.9 - place * 0.05, 3),
        rerank_score=round(4 - place * 1.3, 2), relevance=round(relevance, 3), used=place < 2,
    )  # fmt: skip


def _ended(
    luck: random.Random, asked: Case, good: bool, variant: str, read: list[Passage]
) -> dict[str, Any]:
    language: Any = asked["language"]
    if luck.random() < (0.8 if not asked["answerable"] and good else 0.08):
        said = "문서에서 답을 찾지 못했습니다." if language == "ko" else "The documents do not say."
        return {"status": "abstained", "answer": said, "claims": [], "stop_reason": "hopeless",
                "steps": _steps(luck, asked, variant, "")}  # fmt: skip
    right = asked["answers"][0] if asked["answers"] else "1951"
    short = right if good else str(1900 + luck.randrange(100))
    name = NAMES[language][int(asked["id"][-3:]) % 5]
    sentence = SENTENCES[language].format(name=name, year=short)
    support: Support = "full" if good else luck.choice(get_args(Support))
    claims = [
        {"text": sentence, "support": support, "support_score": round(luck.uniform(0.4, 1), 2),
         "evidence_ids": [one["id"] for one in read[:2]]},
        {"text": sentence, "support": "partial", "support_score": 0.55,
         "evidence_ids": [read[2]["id"]]},
    ]  # fmt: skip
    return {"status": "grounded" if support == "full" else "partial", "answer": sentence * 2,
            "short": short, "claims": claims[: luck.choice((1, 2))], "stop_reason": "answered",
            "degraded": ["rerank"] if luck.random() < 0.05 else [],
            "steps": _steps(luck, asked, variant, short)}  # fmt: skip


def _steps(luck: random.Random, asked: Case, variant: str, short: str) -> list[dict[str, Any]]:
    language: Any = asked["language"]
    question = asked["question"]
    search = {"step": "search", "query": question, "found": 20}
    digest = {"step": "digest", "read": 5, "relevant": luck.randrange(5)}
    end = {"step": "finish", "status": "grounded" if short else "abstained"}
    if variant == "two_stage":
        return [search, digest, end]
    if variant == "self_rag":
        again = {"step": "search", "query": f"{question} {luck.choice('abc')}", "found": 20}
        plan = [step("1", question), step("2", "#1?", "1", op="compare")]
        done = {"step": "result", "result": result("1", question, short or "–")}
        return [search, digest, again, {"step": "plan", "plan": plan}, done, end]
    nodes = [dict(one) for one in tree_run(language)["steps"][0]["nodes"]]
    nodes.append(dict(node("n6", "n2", "reason", text=short, N=1, Q=luck.random())))
    won = {"step": "winner", "node": "n3", "answer": short, "share": 0.8}
    progress = {"step": "rollouts", "done": 8, "of": 8, "best": {"answer": short, "share": 0.8}}
    plan_steps = plan_run(language)["steps"][:1]
    return [search, *plan_steps, {"step": "tree", "nodes": nodes}, progress, won, end]
