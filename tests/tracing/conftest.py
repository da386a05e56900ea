"""A collector, and worlds whose runs are traced to it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.collector import Collector, Span, collector
from support.ferry import model
from support.world import world

from churon.tools.toolkit import Toolkit
from churon.tools.trace_settings import LangfuseSettings, TraceSettings
from churon.tools.tracing import pipe

Traced = Callable[..., Toolkit]


@pytest.fixture
def collected() -> Iterator[Collector]:
    """Everything that is sent; no pipe outlives its test."""
    with collector() as running:
        yield running
        pipe.close()


@pytest.fixture
def traced() -> Traced:
    """A scripted world with these sections of the settings."""

    def make(
        answer: Any = None, *, langfuse: Any = None, trace: Any = None, **given: Any
    ) -> Toolkit:
        toolkit = world(answer or model(), **given)
        update = {
            "langfuse": LangfuseSettings(**(langfuse or {})),
            "trace": TraceSettings(**(trace or {})),
        }
        toolkit._settings = toolkit.settings.model_copy(update=update)
        return toolkit

    return make


@pytest.fixture
def sent(collected: Collector) -> Callable[[], Span]:
    """The tree of the only run, once it has arrived."""

    def tree() -> Span:
        assert pipe.flush(10)
        return collected.tree()

    return tree


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Warnings and worse of any library; none may hold a traceback."""
    caplog.set_level(logging.INFO)

    def warnings() -> list[str]:
        heard = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert all(one.exc_info is None for one in heard)
        return [one.getMessage() for one in heard]

    return warnings
