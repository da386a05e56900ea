"""Every failure that churon expects, as one tree.

ChuronError                  one clear message: the value that is wrong, then the next action
├── SettingsError            a settings file, variable or flag is wrong
├── InputError               a question, history or filter cannot be answered as it is
├── ModelError               a model failed
│   ├── ModelMissing         the file, package or server-side model is not there
│   ├── ModelUnreachable     the server does not answer
│   ├── ModelTimeout         the model did not finish in time
│   ├── ModelDenied          the server refused the key
│   └── ContextTruncated     the prompt did not fit the model's context
├── StoreError               Milvus failed (an empty search is not a failure)
├── IngestError              a document could not be read
├── RerankError              the reranker failed
└── BudgetExhausted          a run used up calls, tokens, searches or seconds

Those that end a run are a ValueError or a RuntimeError too: LangGraph's server tells its clients
the text of Python's own errors, and of any other only that there was one.
"""

from __future__ import annotations

CALL_CAP = "call_cap"
"""The limit that a graph sets itself, beside the run's calls, tokens, searches and seconds."""


class ChuronError(Exception):
    """A failure that users can act on. `str(error)` is shown to them as it is."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy
        """The next action, as a sentence; empty when the message already says it."""

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class SettingsError(ChuronError, ValueError):
    """A settings file, an environment variable or a flag is wrong."""


class InputError(ChuronError, ValueError):
    """The question, the history or the filter cannot be worked with as it is."""


class ModelError(ChuronError, RuntimeError):
    """A language, embedding or reranking model failed."""


class ModelMissing(ModelError):
    """The model's file, its Python package or the server-side model is not there."""


class ModelUnreachable(ModelError):
    """The model server does not answer."""


class ModelTimeout(ModelError):
    """The model did not finish in time: asking again would take as long."""


class ModelDenied(ModelError):
    """The model's server refused the key: no other way of asking would help."""


class ContextTruncated(ModelError):
    """The prompt did not fit the model's context, so that an answer would rest on a cut prompt."""


class StoreError(ChuronError, RuntimeError):
    """Milvus refused, failed or is not there. An empty result is never a StoreError."""


class IngestError(ChuronError):
    """A document could not be read; carries the outcome that its manifest line gets.

    "unequipped" is none: something that reads it is not installed, or its reader was ended from
    outside, and it is tried again.
    """

    def __init__(self, message: str, *, outcome: str = "failed", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.outcome = outcome

    def __reduce__(self) -> tuple[object, ...]:  # crosses process boundaries with its outcome
        return (_rebuild_ingest_error, (self.message, self.outcome, self.remedy))


class RerankError(ChuronError, RuntimeError):
    """The reranker failed or was refused at load."""


class BudgetExhausted(ChuronError):
    """A run used up one of its limits; `limit` names it (calls, tokens, searches, seconds)."""

    def __init__(self, limit: str, allowed: float) -> None:
        super().__init__(f"The run's budget of {allowed:g} {limit} is used up.")
        self.limit = limit
        self.allowed = allowed

    @property
    def reason(self) -> str:
        """The run's stop reason: "budget:calls"; a graph's own cap of calls is "call_cap"."""
        return self.limit if self.limit == CALL_CAP else f"budget:{self.limit}"

    def __reduce__(self) -> tuple[object, ...]:
        return (BudgetExhausted, (self.limit, self.allowed))


def _rebuild_ingest_error(message: str, outcome: str, remedy: str) -> IngestError:
    return IngestError(message, outcome=outcome, remedy=remedy)
