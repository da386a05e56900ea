"""A process that serves a scripted world: `python serve_world.py SECONDS DRAIN`.

SECONDS is what a model call takes, DRAIN the settings' serve.drain.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.ferry import TEXTS, model
from support.serving import CountedStore, slow_port, with_serve
from support.world import world

from churon.serving.server import serve
from churon.tools.toolkit import Toolkit

if __name__ == "__main__":
    seconds, drain = map(float, sys.argv[1:])
    toolkit: Toolkit = world(model(), store=CountedStore(TEXTS), port=slow_port(seconds))
    serve(with_serve(toolkit.settings, {"port": 0, "drain": drain}), toolkit)
    sys.stderr.write("closed\n")
