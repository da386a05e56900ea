"""A server on loopback that speaks OpenAI's chat completions and embeddings."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk
from support.ollama_server import ROLES, HashEmbeddings

from churon.tools.errors import ContextTruncated

PASSED = ("max_tokens", "temperature", "seed", "stop", "logprobs", "top_logprobs")


class OpenAIServer:
    """Use as a context manager; `url` ends in /v1, `requests` is what it was asked.

    It ignores `dimensions`, as many compatible servers do, or refuses them with `one_size`, and
    accepts the key "right". `faults`: (status, text) of the next answers.
    """

    def __init__(self, chat: BaseChatModel, models: tuple[str, ...] = ("double",)) -> None:
        self.chat, self.models = chat, models
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str] = []
        self.faults: list[tuple[int, str]] = []
        self.one_size = False
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"app": self})
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> OpenAIServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    app: OpenAIServer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.app.requests.append((self.path, body))
        self.app.keys.append(self.headers["Authorization"])
        try:
            if self.app.faults:
                self._error(*self.app.faults.pop(0))
            elif self.app.one_size and "dimensions" in body:
                self._error(400, "Model does not support matryoshka representation")
            elif self.headers["Authorization"] not in ("Bearer right", "Bearer none"):
                self._error(401, "wrong key")
            elif body["model"] not in self.app.models:
                self._error(404, f"model {body['model']} does not exist")
            elif self.path == "/v1/embeddings":
                self._embed(body)
            else:
                self._chat(body)
        except ConnectionError:
            pass  # the client went away
        except ContextTruncated as error:
            self._error(400, f"the request exceeds the available context size: {error.message}")
        except Exception as error:  # the real ones too answer with the text
            self._error(400, str(error))

    def _embed(self, body: Mapping[str, Any]) -> None:
        vectors = HashEmbeddings().embed_documents(list(body["input"]))
        data = [{"object": "embedding", "index": i, "embedding": v} for i, v in enumerate(vectors)]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        self._json(200, {"object": "list", "model": body["model"], "data": data, "usage": usage})

    def _chat(self, body: Mapping[str, Any]) -> None:
        messages = [ROLES[m["role"]](m["content"]) for m in body["messages"]]
        given = {name: body[name] for name in (*PASSED, "response_format") if name in body}
        chunks = list(self.app.chat.stream(messages, **given))
        if not body.get("stream"):
            whole = chunks[0]
            for chunk in chunks[1:]:
                whole = whole + chunk
            return self._json(200, _completion(whole, body["model"]))
        self._head(200, "text/event-stream")
        for chunk in chunks:
            event = _event(chunk, body["model"])
            self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")
        return None

    def _error(self, status: int, said: str) -> None:
        self._json(status, {"error": {"message": said, "type": "invalid_request_error"}})

    def _json(self, status: int, answer: dict[str, Any]) -> None:
        self._head(status, "application/json")
        self.wfile.write(json.dumps(answer).encode())

    def _head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()


def _common(chunk: AIMessageChunk, model: str, kind: str, part: dict[str, Any]) -> dict[str, Any]:
    meta = chunk.response_metadata
    choice = {"index": 0, "finish_reason": meta.get("finish_reason"), **part}
    choice["logprobs"] = meta.get("logprobs")
    answer: dict[str, Any] = {"id": "c1", "object": kind, "created": 1, "model": model}
    answer["choices"] = [choice]
    if usage := chunk.usage_metadata:
        answer["usage"] = {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["total_tokens"],
        }
    return answer


def _completion(whole: AIMessageChunk, model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": whole.text}
    return _common(whole, model, "chat.completion", {"message": message})


def _event(chunk: AIMessageChunk, model: str) -> dict[str, Any]:
    delta = {"role": "assistant", "content": chunk.text}
    return _common(chunk, model, "chat.completion.chunk", {"delta": delta})
