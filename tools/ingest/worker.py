"""The child process that opens documents: `python -m churon.tools.ingest.worker`.

Requests are JSON lines on stdin, answers JSON behind an 8-byte length on stdout. JSON, not pickle:
a reader taken over by a hostile file must not be able to run code in its parent.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from churon.tools.errors import IngestError
from churon.tools.ingest.load import load
from churon.tools.ingest.split import split
from churon.tools.settings import IngestSettings

LENGTH = struct.Struct(">Q")
_GRACE = 30.0
"""Seconds after which a reader ends itself when its parent no longer can."""


def main() -> None:
    """Answer requests until stdin ends."""
    settings = IngestSettings.model_validate_json(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not reach the answers
    _limit_memory(settings.max_memory)
    _answer(answers, {"ready": True})
    for line in sys.stdin.buffer:
        _alarm(settings.max_seconds + _GRACE)
        _answer(answers, _read(Path(json.loads(line)["path"]), settings))
        _alarm(0)


def _read(path: Path, settings: IngestSettings) -> dict[str, Any]:
    try:
        document = load(path, settings)
        chunks = [asdict(chunk) for chunk in split(document, settings)]
        return {"title": document.title, "chunks": chunks}
    except IngestError as error:
        return {"error": error.message, "outcome": error.outcome, "remedy": error.remedy}
    except MemoryError:
        return {
            "error": f"Reading it needs more than {settings.max_memory} bytes of memory.",
            "outcome": "failed",
            "remedy": "Split it, or raise ingest.max_memory.",
        }
    except OSError as error:
        return {"error": f"The file cannot be opened: {error.strerror}.", "outcome": "failed"}


def _answer(stream: BinaryIO, answer: dict[str, Any]) -> None:
    data = json.dumps(answer).encode()
    stream.write(LENGTH.pack(len(data)) + data)
    stream.flush()


def _limit_memory(max_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit; time and size limits remain
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = max_bytes if hard == resource.RLIM_INFINITY else min(max_bytes, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _alarm(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)  # the default action ends the process


if __name__ == "__main__":
    main()
