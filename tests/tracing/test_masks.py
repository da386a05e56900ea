"""What traces show: hidden parts, patterns, secrets, and sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.types import Command, Overwrite, Send
from pydantic import SecretStr, ValidationError
from support import bridge
from support.collector import OUTPUT, Collector

from churon.graphs.registry import GRAPHS, build_graph
from churon.tools.settings import ChatSettings
from churon.tools.trace_settings import TraceSettings
from churon.tools.tracing.masks import Masks
from churon.tools.tracing.view import View

Traced = Callable[..., Any]
ALL = ["question", "passages", "answer"]


def view(secrets: Any = (), **settings: Any) -> View:
    made = TraceSettings(**settings)
    return View(Masks(made, secrets), made.chars)


@pytest.mark.parametrize("graph", GRAPHS)
async def test_everything_hidden_leaves_structure_and_numbers(
    collected: Collector, traced: Traced, sent: Any, graph: str
) -> None:
    toolkit = traced(
        bridge.model(), langfuse=collected.langfuse, trace={"hide": ALL}, texts=bridge.TEXTS
    )
    output = await build_graph(graph, toolkit).ainvoke({"question": bridge.QUESTION})
    root = sent()
    told = collected.bodies.decode("utf-8", "replace")
    for word in ("Halden", "Sora", "mayor", "Aren", "lighthouse", "elected"):
        assert word not in told
    assert root.output["status"] == output["status"]
    assert len(root.output["evidence"]) == len(output["evidence"])


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize(
    ("hide", "gone"),
    [
        ("question", [bridge.QUESTION, bridge.FIRST, "Who is the mayor of Aren?"]),
        ("passages", [bridge.BRIDGE, "elected in 2019", "Vesk mill", "Doc 2"]),
        ("answer", ["Sora Han is the mayor.", "Halden bridge stands in Aren"]),
    ],
)
async def test_one_part_hidden(
    collected: Collector, traced: Traced, sent: Any, hide: str, gone: list[str], graph: str
) -> None:
    toolkit = traced(
        bridge.model(), langfuse=collected.langfuse, trace={"hide": [hide]}, texts=bridge.TEXTS
    )
    await build_graph(graph, toolkit).ainvoke({"question": bridge.QUESTION})
    root = sent()
    told = collected.bodies.decode("utf-8", "replace")
    assert not [text for text in gone if text in told]
    others = {"question": "elected in 2019", "passages": "Who is the mayor", "answer": "Vesk mill"}
    assert others[hide] in told and root.output["status"]


async def test_a_hidden_question_is_not_in_a_failure(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    toolkit = traced(langfuse=collected.langfuse, trace={"hide": ["question"]})
    with pytest.raises(Exception, match="unknown"):
        await build_graph("two_stage", toolkit).ainvoke({"question": "x", "language": "secretlang"})
    assert sent().attributes["langfuse.observation.status_message"] == "InputError"


async def test_secrets_of_the_settings_never_leave(
    collected: Collector, traced: Traced, sent: Any
) -> None:
    key = "correct-horse-battery"
    toolkit = traced(langfuse=collected.langfuse)
    chat = ChatSettings(api_key=SecretStr(key))
    toolkit._settings = toolkit.settings.model_copy(update={"chat": chat})
    asked = f"Why is {key} refused, and sk-abcdefghijklmnop, and https://me:word@host/x?"
    await build_graph("two_stage", toolkit).ainvoke({"question": asked})
    assert "Why is [secret] refused" in sent().input["question"]
    for secret in (key, "sk-abcdefghijklmnop", "me:word", collected.langfuse["secret_key"]):
        assert secret.encode() not in collected.bodies


def test_patterns() -> None:
    shown = view(redact=["email", "phone", r"K-\d+"]).whole(
        "kim@example.com, +82 10-1234-5678, 02-123-4567, 01012345678, 555-123-4567, K-77; "
        "2026-11-27, 07:30, 198 passengers, 1.234.567"
    )
    assert json.loads(shown) == (
        f"{', '.join(['[redacted]'] * 6)}; 2026-11-27, 07:30, 198 passengers, 1.234.567"
    )
    with pytest.raises(ValidationError, match="not a regular expression"):
        TraceSettings(redact=["("])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("010-1234-5678로 전화하세요", "[redacted]로 전화하세요"),
        ("연락처는 010-1234-5678이며", "연락처는 [redacted]이며"),
        ("01012345678입니다", "[redacted]입니다"),
        ("담당010-1234-5678", "담당[redacted]"),
        ("담당(02)123-4567번", "담당[redacted]번"),
        ("+82 10-1234-5678로", "[redacted]로"),
        ("전화번호는 031-123-4567입니다.", "전화번호는 [redacted]입니다."),
        ("국번555-123-4567은", "국번[redacted]은"),
        ("T.010-1234-5678, tel-02-123-4567", "T.[redacted], tel-[redacted]"),
        ("제2026-010-1234-5678호", "제2026-010-1234-5678호"),
        ("코드A01012345678", "코드A01012345678"),
    ],
)
def test_korean_stands_right_beside_a_phone_number(text: str, told: str) -> None:
    assert json.loads(view(redact=["phone"]).whole(text)) == told


@pytest.mark.parametrize("text", ["메일은kim@a.co.kr로", "문의:kim.lee+x@회사.한국에서"])
def test_korean_stands_right_beside_an_address(text: str) -> None:
    told = view(redact=["email"]).whole(text)
    assert "[redacted]" in told and "@" not in told and "kim" not in told


def test_korean_stands_right_beside_a_secret() -> None:
    told = view().whole(
        "키는sk-abcdefghijklmnop이고 헤더는Bearer abcdefgh1234, 주소는http://me:w@rd@host/x입니다"
    )
    assert not [one for one in ("abcdefgh", "me:", "rd@", "w@") if one in told]
    assert told.count("[secret]") == 3 and "이고" in told and "host/x입니다" in told


@pytest.mark.parametrize("secrets", [("abcdef", "abcdef-123456"), ("abcdef-123456", "abcdef")])
def test_a_secret_that_begins_another_leaves_nothing_of_it(secrets: tuple[str, str]) -> None:
    told = json.loads(view(secrets).whole("key abcdef-123456, or abcdef"))
    assert told == "key [secret], or [secret]"


def test_a_secret_that_looks_like_another_is_found_whole() -> None:
    told = view(["sk-abcdefghijkl/mnop="]).whole("key sk-abcdefghijkl/mnop=, or sk-1234567890abcd")
    assert json.loads(told) == "key [secret], or [secret]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://token1@host:1/v1 did not answer", "http://[secret]@host:1/v1 did not answer"),
        ("git+ssh://me:w@rd@host/x", "git+ssh://[secret]@host/x"),
        ("https://host:1/v1 and kim@host", "https://host:1/v1 and kim@host"),
        ("https://host/~kim@home", "https://host/~kim@home"),
    ],
)
def test_addresses_show_neither_user_nor_token(text: str, told: str) -> None:
    assert json.loads(view().whole(text)) == told


def test_names_of_secrets_hide_their_values() -> None:
    given = {"api_key": "abc", "db_password": 5, "Authorization": ["x"], "answer_tokens": 9}
    assert json.loads(view().state({"deep": [given]})) == {
        "deep": [
            {
                "api_key": "[secret]", "db_password": "[secret]", "Authorization": "[secret]",
                "answer_tokens": 9,
            }
        ]
    }  # fmt: skip


def test_masks_reach_into_objects() -> None:
    document = Document("about kim@example.com", id="d", metadata={"document": "a.md"})
    held = {
        "found": [document],
        "messages": [HumanMessage("kim@example.com"), AIMessage("kim@example.com")],
        "go": Command(update={"x": "kim@example.com"}),
        "reset": Overwrite({"x": ("kim@example.com",)}),
        "sent": Send("grade", {"x": "kim@example.com"}),
        "odd": object(),
        "set": {"kim@example.com"},
    }
    told = view(redact=["email"]).whole(held)
    assert "kim@" not in told and told.count("[redacted]") == 6
    assert json.loads(told)["odd"] == "<object>" and json.loads(told)["sent"] == "→ grade"


def test_states_are_short() -> None:
    passage = {"id": "p", "document": "a.md", "text": "x" * 800, "rerank_score": 0.5, "title": "A"}
    state = {
        "evidence": {f"p{n}": passage for n in range(5)},
        "tree": {f"n{n}": {"text": "y" * 500} for n in range(300)},
        "queries": ["z" * 10_000] * 100,
        "account": {"process": {"calls": 1}},
    }
    shown = json.loads(view().state(state))
    assert shown["evidence"]["p1"] == {"document": "a.md", "rerank_score": 0.5}
    assert shown["tree"] == "300 nodes" and "account" not in shown
    assert len(shown["queries"]) == 21 and shown["queries"][-1] == "… 80 more"
    assert len(json.dumps(shown)) < 14_000


async def test_a_long_text_is_cut(collected: Collector, traced: Traced, sent: Any) -> None:
    toolkit = traced(langfuse=collected.langfuse, trace={"chars": 100}, texts=["word " * 2_000])
    await build_graph("two_stage", toolkit).ainvoke({"question": "word?"})
    [found] = sent().find("milvus")
    assert "9900 more characters" in found.attributes[OUTPUT]
    assert len(collected.bodies) < 40_000


@given(st.recursive(st.none() | st.text() | st.floats() | st.integers(), st.lists, max_leaves=9))
def test_anything_becomes_json(value: Any) -> None:
    json.loads(view(hide=ALL).state({"x": value}))


def test_half_a_character_and_no_number_become_valid() -> None:
    told = view().state({"x": "a\ud800", "n": float("nan")})
    assert json.loads(told) == {"x": "a?", "n": "nan"} and told.encode()


def test_texts_as_keys_are_masked_too() -> None:
    held = {"drafts": {"Who is Kim?": 1, "p1": 2, "kim@example.com": 3}}
    assert set(json.loads(view(hide=["answer"]).state(held))["drafts"]) == {
        "[11 characters]", "p1", "[15 characters]",
    }  # fmt: skip
    assert "[redacted]" in view(redact=["email"]).state(held)


def test_a_secret_that_begins_a_longer_one_takes_it_along() -> None:
    masks = Masks(TraceSettings(), ["sk-abc-team"])
    assert masks.text("key sk-abc-team-0123456789abcdef", "shown") == "key [secret]"
    assert masks.text("see http://x.io?m=a@b.c", "shown") == "see http://x.io?m=a@b.c"
    assert masks.text("see http://token@x.io", "shown") == "see http://[secret]@x.io"
