"""A server on loopback that speaks Ollama's wire protocol over any LangChain models."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from support.scripted import prompt_tokens

CREATED = "2025-01-01T00:00:00Z"
ROLES: Mapping[str, type[BaseMessage]] = {
    "system": SystemMessage,
    "user": HumanMessage,
    "assistant": AIMessage,
}


class HashEmbeddings(Embeddings):
    """1024 numbers from a hash of the text: the same text gives the same vector."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        vector = np.random.default_rng(seed).normal(size=1024)
        return list((vector / np.linalg.norm(vector)).tolist())


class OllamaServer:
    """Use as a context manager; `url` is where it listens, `requests` what it was asked.

    `old` is a server before 0.11: `dimensions`, `truncate` and log-probs are not known to it.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        embeddings: Embeddings | None = None,
        *,
        models: Sequence[str] = ("double:latest",),
        old: bool = False,
        count: Callable[[Sequence[BaseMessage]], int] = prompt_tokens,
    ) -> None:
        self.chat, self.embeddings = chat, embeddings or HashEmbeddings()
        self.models, self.old, self.count = tuple(models), old, count
        self.digest = hashlib.sha256(b"weights").hexdigest()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        handler = type("Handler", (_Handler,), {"app": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> OllamaServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def chat_lines(self, body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The NDJSON objects of one /api/chat answer. Raises Refused."""
        messages = [ROLES[m["role"]](m["content"]) for m in body["messages"]]
        limit = (body.get("options") or {}).get("num_ctx", 4_096)
        cut = self.count(messages) > limit
        if cut and body.get("truncate") is False and not self.old:
            raise Refused(400, "the input length exceeds the context length")
        if cut:
            messages = [HumanMessage(" ".join(messages[-1].text.split()[-max(1, limit // 2) :]))]
        yield from self._spoken(messages, body, limit if cut else None)

    def _spoken(
        self, messages: list[BaseMessage], body: Mapping[str, Any], limit: int | None
    ) -> Iterator[dict[str, Any]]:
        common = {"model": body["model"], "created_at": CREATED}
        read = written = 0
        reason = "stop"
        for chunk in self.chat.stream(messages, **openai_kwargs(body, self.old)):
            reason = chunk.response_metadata.get("finish_reason") or reason
            if chunk.usage_metadata:
                read = chunk.usage_metadata["input_tokens"]
                written = chunk.usage_metadata["output_tokens"]
            line = {"message": {"role": "assistant", "content": chunk.text}, "done": False}
            if logprobs := (chunk.response_metadata.get("logprobs") or {}).get("content"):
                line["logprobs"] = logprobs
            if chunk.text or logprobs:
                yield common | line
        counts = {"prompt_eval_count": limit or read, "eval_count": written, "total_duration": 1}
        end = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason}
        yield common | end | counts

    def embed(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The object of one /api/embed answer. Raises Refused."""
        texts = [body["input"]] if isinstance(body["input"], str) else list(body["input"])
        if not all(texts):
            raise Refused(400, "input cannot be empty")
        matrix = np.array(self.embeddings.embed_documents(texts))
        if (wanted := body.get("dimensions")) and not self.old:
            matrix = matrix[:, :wanted]
            matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        return {"model": body["model"], "embeddings": matrix.tolist(), "prompt_eval_count": 1}


class Refused(Exception):
    """An HTTP status and the text of the "error" field."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(status, said)
        self.status, self.said = status, said


def openai_kwargs(body: Mapping[str, Any], old: bool = False) -> dict[str, Any]:
    """The backing model's keywords for Ollama's body."""
    options = body.get("options") or {}
    names = {"num_predict": "max_tokens", "temperature": "temperature", "seed": "seed"}
    given = {names[k]: v for k, v in options.items() if k in names}
    if options.get("stop"):
        given["stop"] = options["stop"]
    if body.get("logprobs") and not old:
        given |= {"logprobs": True, "top_logprobs": body.get("top_logprobs", 0)}
    if isinstance(body.get("format"), dict):
        schema = {"name": "answer", "schema": body["format"], "strict": True}
        given["response_format"] = {"type": "json_schema", "json_schema": schema}
    return given


class _Handler(BaseHTTPRequestHandler):
    app: OllamaServer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        if self.path == "/api/version":
            return self._json({"version": "0.5.0" if self.app.old else "0.13.0"})
        if self.path == "/api/tags":
            listed = [{"name": n, "model": n, "digest": self.app.digest} for n in self.app.models]
            return self._json({"models": listed})
        return self._json({"error": "404 page not found"}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.app.requests.append((self.path, body))
        try:
            self._answer(body)
        except Refused as refused:
            self._json({"error": refused.said}, refused.status)
        except ConnectionError:
            pass  # the client went away, as cancelled ones do
        except Exception as error:  # the real server too answers 500 with the text
            self._json({"error": str(error)}, 500)

    def _answer(self, body: dict[str, Any]) -> None:
        if self.path not in ("/api/chat", "/api/embed", "/api/show"):
            return self._json({"error": "page not found"}, 404)
        name = str(body.get("model"))
        if name not in self.app.models and f"{name}:latest" not in self.app.models:
            raise Refused(404, f"model {name!r} not found")
        if self.path == "/api/embed":
            return self._json(self.app.embed(body))
        if self.path == "/api/show":
            return self._json({"capabilities": ["completion"], "model_info": {}})
        return self._lines(self.app.chat_lines(body), body.get("stream", True))

    def _lines(self, lines: Iterator[dict[str, Any]], stream: bool) -> None:
        first = next(lines)  # a refusal comes before the status line
        if not stream:
            return self._json(_joined([first, *lines]))
        self._head(200, "application/x-ndjson")
        self._line(first)
        try:
            for line in lines:
                self._line(line)
        except ConnectionError:
            raise
        except Exception as error:  # mid-stream failures are a line of their own
            self._line({"error": str(error)})
        return None

    def _line(self, line: dict[str, Any]) -> None:
        self.wfile.write(json.dumps(line).encode() + b"\n")
        self.wfile.flush()

    def _json(self, answer: dict[str, Any], status: int = 200) -> None:
        self._head(status, "application/json")
        self.wfile.write(json.dumps(answer).encode())

    def _head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()


def _joined(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    text = "".join(line["message"]["content"] for line in lines)
    logprobs = [entry for line in lines for entry in line.get("logprobs", ())]
    whole = {**lines[-1], "message": {"role": "assistant", "content": text}}
    return whole | ({"logprobs": logprobs} if logprobs else {})
