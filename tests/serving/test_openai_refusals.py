"""What OpenAI's protocol can ask for and no graph can do is refused, in OpenAI's own shape."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from fastapi import FastAPI
from support.ferry import QUESTION
from support.serving import LOCAL, client, keys, served

ASKED: Any = [{"role": "user", "content": QUESTION}]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "at least 1 item"),
    ({"messages": [{"role": "user", "content": "  "}]}, "question is empty"),
    ({"messages": [{"role": "assistant", "content": "Hi."}]}, "last message"),
    ({"messages": [{"role": "pirate", "content": "Hi."}]}, "messages.0.role"),
    ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "Only text"),
    ({"n": 2}, "n must be 1"),
    ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "call no tools"),
    ({"response_format": {"type": "json_object"}}, "Answers are text"),
    ({"modalities": ["text", "audio"]}, "Answers are text"),
    ({"tool_choice": "required"}, "call no tools"),
    ({"function_call": {"name": "f"}}, "call no tools"),
    ({"stop": ["ferry"]}, "stops at no word"),
    ({"stop": "ferry"}, "stops at no word"),
    ({"logprobs": True}, "no probabilities"),
    ({"top_logprobs": 5}, "no probabilities"),
    ({"temperature": 9}, "temperature"),
    ({"extra_body": {"churon": {"context": {"k2": 99}}}}, "k2=99"),
    ({"extra_body": {"churon": {"context": {"colour": "red"}}}}, "colour"),
    ({"extra_body": {"churon": {"filter": {"a b": 1}}}}, "no identifier"),
    ({"extra_body": {"churon": {"language": "fr"}}}, "churon.language"),
    ({"extra_body": {"churon": {"tenant": "b"}}}, "churon.tenant"),
]


@pytest.mark.parametrize(("wish", "said"), REFUSED)
async def test_what_cannot_be_honoured_is_refused(
    official: openai.AsyncOpenAI, wish: dict[str, Any], said: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await official.chat.completions.create(
            **{"model": "two_stage", "messages": ASKED, **wish}  # type: ignore[call-overload]
        )
    body: Any = refused.value.body
    assert said in body["message"]
    assert body["type"] == "invalid_request_error"


async def test_what_asks_for_nothing_is_no_wish(official: openai.AsyncOpenAI) -> None:
    none: Any = {
        "tools": [], "tool_choice": "auto", "stop": [], "logprobs": False, "top_logprobs": 0,
        "modalities": ["text"], "n": 1, "response_format": {"type": "text"},
    }  # fmt: skip
    answer = await official.chat.completions.create(model="two_stage", messages=ASKED, **none)
    assert answer.choices[0].message.content == "The Lumen leaves at 07:30. [1]"


async def test_errors_are_what_the_client_expects() -> None:
    async with client(served(serve={"keys": keys(kim=None), "max_bytes": 1_000})) as http:
        for key, model_name, text, kind in (
            ("wrong", "auto", QUESTION, openai.AuthenticationError),
            ("key-of-kim", "gpt-4o", QUESTION, openai.NotFoundError),
            ("key-of-kim", "auto", "x" * 2_000, openai.APIStatusError),
        ):
            official = openai.AsyncOpenAI(
                api_key=key, base_url=f"{LOCAL}/v1", http_client=http, max_retries=0
            )
            with pytest.raises(kind):
                await official.chat.completions.create(
                    model=model_name, messages=[{"role": "user", "content": text}]
                )


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v1/chat/completions", 400), ("/ask", 422), ("/langserve/auto/invoke", 422)],
)
async def test_what_is_not_json_is_said_to_be_none(app: FastAPI, path: str, status: int) -> None:
    async with client(app) as http:
        headers = {"Content-Type": "application/json"}
        answer = await http.post(path, content=b'{"a":', headers=headers)
    told = answer.json()["error"]
    assert (answer.status_code, told["param"]) == (status, None)
    assert told["message"].startswith("The body is not JSON: E")


async def test_a_broken_body_is_refused(app: FastAPI) -> None:
    bodies = (b"{", b"5", b"\xff", b"", b'"' * 100, b"[" * 5_000, b'{"model": "auto"}')
    surrogate = rb'{"model":"auto","messages":[{"role":"user","content":"half \ud800"}]}'
    async with client(app) as http:
        for body in (*bodies, surrogate):
            headers = {"Content-Type": "application/json"}
            answer = await http.post("/v1/chat/completions", content=body, headers=headers)
            assert answer.status_code == 400, (body[:20], answer.text)
            assert answer.json()["error"]["message"]
