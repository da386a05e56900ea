"""A process that offers a scripted world over stdio: `python mcp_world.py SECONDS [TENANT]`.

SECONDS is what a model call takes. The model prints, as libraries do.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.ferry import TEXTS, model
from support.scripted import Reply
from support.serving import CountedStore, slow_port
from support.world import world

from churon.serving.mcp.stdio import serve

if __name__ == "__main__":
    seconds = float(sys.argv[1])

    def answer(step: str, prompt: str) -> Reply | str:
        sys.stdout.write("printed by a library\n")
        os.write(1, b"written by another\n")
        told = model()(step, prompt)
        assert isinstance(told, (Reply, str))
        return told

    slow = slow_port(seconds) if seconds else None
    toolkit = world(answer, store=CountedStore(TEXTS), port=slow)
    asyncio.run(serve(toolkit.settings, toolkit=toolkit))
    sys.stderr.write("closed\n")
