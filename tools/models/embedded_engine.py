"""llama.cpp's server in this process: one engine a model file, shared by all who ask for it.

The engine opens an HTTP port on loopback whether one wants it or not; it gets a free port, a
random key that nobody is told, and no foreign origins. Calls here go past that port.
"""

from __future__ import annotations

import atexit
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakSet

from churon.tools.errors import ModelError, ModelMissing

OnChunk = Callable[[dict[str, Any]], None]

# Megabytes of main memory for the key-value states of prompts that lost their slot
_PROMPT_CACHE_MIB = 512
# Prompt tokens between two chances to stop
_BATCH = 512


@dataclass(frozen=True)
class EngineParams:
    """What makes one engine differ from another."""

    path: Path
    context_length: int
    """Tokens of prompt and answer of one call; every slot has as many."""
    slots: int
    threads: int
    gpu_layers: int


class Call:
    """One request under way; `stop` ends it at the next token or prompt batch."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self.future: Future[None] = Future()

    def stop(self) -> None:
        """Stop generating; harmless when it is over already."""
        self._stopped.set()
        self.future.cancel()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped.is_set()


class Engine:
    """A loaded model. Thread-safe; as many calls run at once as it has slots."""

    def __init__(self, params: EngineParams) -> None:
        """Load the model; blocks for seconds. Raises ModelMissing, ModelError."""
        self._server: Any = _open_server(params)
        self._pool = ThreadPoolExecutor(params.slots, thread_name_prefix="churon-engine")
        self._calls: set[Call] = set()
        self._lock = threading.Lock()
        self._closed = False

    def start(self, request: Mapping[str, Any], on_chunk: OnChunk) -> Call:
        """Begin a streamed chat completion; `on_chunk` gets each chunk in the engine's thread.

        The call's future ends with None, or with the ModelError that stopped it.
        """
        call = Call()
        with self._lock:
            if self._closed:
                raise ModelError("The embedded engine was closed.", remedy="Ask again to load it.")
            self._calls.add(call)
            call.future = self._pool.submit(self._run, call, dict(request), on_chunk)
        call.future.add_done_callback(lambda _: self._calls.discard(call))
        return call

    def close(self) -> None:
        """Stop running calls and free the model."""
        with self._lock:
            self._closed = True
            running = list(self._calls)
        for call in running:
            call.stop()
        self._pool.shutdown(wait=True)
        self._server = None

    def _run(self, call: Call, request: dict[str, Any], on_chunk: OnChunk) -> None:
        failure: list[Exception] = []

        def receive(chunk: dict[str, Any]) -> bool:
            # True makes the engine stop; an exception would be lost on its way through C++
            if call.stopped or failure:
                return True
            try:
                on_chunk(chunk)
            except Exception as error:  # kept, and raised below in the caller's thread
                failure.append(error)
                return True
            return False

        try:
            self._server.handle_chat_completions(request, receive)
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"The embedded engine refused the request: {error}.",
                remedy="Check the schema, the tools and the messages.",
            ) from error
        if failure:
            raise failure[0]
        if self._closed:
            raise ModelError(
                "The embedded engine was closed during the call.", remedy="Ask again to load it."
            )


class User:
    """One who asks for an engine: it stays while any of its users has not closed it."""


_engines: dict[EngineParams, Engine] = {}
_users: dict[EngineParams, WeakSet[User]] = {}
_loading = threading.Lock()


def engine_for(params: EngineParams, user: User) -> Engine:
    """The process's engine with these parameters, loaded on first use (blocks for seconds)."""
    with _loading:
        if params not in _engines:
            _engines[params] = Engine(params)
        _users.setdefault(params, WeakSet()).add(user)
        return _engines[params]


def close_engine(params: EngineParams, user: User | None = None) -> None:
    """Close that engine where it is loaded, for `user` once no other uses it; the next
    `engine_for` loads it again.
    """
    with _loading:
        users = _users.get(params, WeakSet())
        if user is not None:
            users.discard(user)
            if users:
                return
        _users.pop(params, None)
        engine = _engines.pop(params, None)
    if engine is not None:
        engine.close()


@atexit.register
def close_all() -> None:
    """Close every engine: a model freed after the interpreter's end can crash the exit."""
    for params in list(_engines):
        close_engine(params)


def _open_server(params: EngineParams) -> Any:
    if not params.path.is_file():
        raise ModelMissing(
            f"The model file {str(params.path)!r} is not there.",
            remedy="Fetch the catalogue's models: churon models pull.",
        )
    # OpenMP's default spins at each barrier; beside any other load that costs six times the time.
    # Read once, when the library is loaded; the user's own setting wins
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    try:
        import xllamacpp
    except ImportError as error:
        raise ModelMissing(
            "The embedded engine xllamacpp is not installed.",
            remedy="Install it with: pip install 'churon[embedded]'.",
        ) from error
    try:
        return xllamacpp.Server(_common_params(xllamacpp, params))
    except (ValueError, RuntimeError) as error:
        raise ModelError(
            f"The engine cannot load {str(params.path)!r}: {error}.",
            remedy="Fetch or copy it again; `churon models verify` checks the catalogue's.",
        ) from error


def _common_params(xllamacpp: Any, params: EngineParams) -> Any:
    common = xllamacpp.CommonParams()
    common.model.path = str(params.path)
    common.n_parallel = params.slots
    common.n_ctx = params.context_length * params.slots
    common.n_batch = _BATCH
    common.n_gpu_layers = params.gpu_layers
    common.fit_params = False  # it would shrink the context silently
    common.cache_ram_mib = _PROMPT_CACHE_MIB
    threads = params.threads or _cores()
    common.cpuparams.n_threads = threads
    common.cpuparams_batch.n_threads = threads
    common.warmup = False
    common.verbosity = -1
    common.port = 0
    common.api_keys = [secrets.token_urlsafe(32)]
    common.cors_origins = ""
    common.ui = False
    common.endpoint_slots = False
    common.n_threads_http = 1
    return common


def _cores() -> int:
    # The cores this process may use, which containers and taskset make fewer than the machine's
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
