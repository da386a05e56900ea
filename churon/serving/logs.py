"""Logs of the server: lines on stderr, without secrets."""

from __future__ import annotations

import logging
import re

from churon.cli.common import visible
from churon.tools.addresses import shown

_KEYS = re.compile(r"churon_[A-Za-z0-9_-]{20,}|(?i:bearer|basic)\s+[A-Za-z0-9+/=._-]{8,}")


def to_stderr() -> None:
    """Send what the server and uvicorn say to stderr; other libraries only warn."""
    handler = logging.StreamHandler()
    handler.setFormatter(Plain("%(asctime)s %(levelname)s %(message)s"))
    for name in ("churon", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
    logging.getLogger("churon").setLevel(logging.INFO)
    # it tells of every start and stop, which we say ourselves
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)


class Plain(logging.Formatter):
    """Leaves out API keys, passwords in addresses and control characters, in tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return visible(_KEYS.sub("…", shown(super().format(record))))
