"""What is attempted, and what comes of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from langchain_core.documents import Document

from churon.evals.types import Span
from churon.nodes.rerank import passage
from churon.tools.korean import detect_language
from churon.tools.types import Evidence, Language

Kind = Literal["single", "two_hop", "unanswerable"]
KINDS: tuple[Kind, ...] = ("single", "two_hop", "unanswerable")
SHARES: dict[Kind, int] = {"single": 2, "two_hop": 1, "unanswerable": 1}
"""Questions of each kind, in proportion."""


@dataclass(frozen=True)
class Attempt:
    """A question to be thought of, about one passage or two."""

    kind: Kind
    passages: tuple[Document, ...]
    entity: str = ""
    """What two passages have in common."""

    @property
    def id(self) -> str:
        """The same for the same passages, in every run; a spreadsheet takes it for no number."""
        parts = [self.kind, *(str(one.id) for one in self.passages)]
        return f"q{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:12]}"

    @property
    def language(self) -> Language:
        """Of the question: the first passage's."""
        return detect_language(self.passages[0].page_content)

    def evidence(self) -> list[Evidence]:
        """The passages as prompts show them."""
        return [passage(one) for one in self.passages]


@dataclass(frozen=True)
class Proposal:
    """A question that passed every check, with where its answer stands."""

    attempt: Attempt
    question: str
    answer: str
    """ "" for a question that the documents do not answer."""
    spans: tuple[Span, ...]
    texts: tuple[str, ...]
    """What stands there, for the reader who reviews it."""


@dataclass(frozen=True)
class Rejected:
    """Why there is no proposal, with what the model wrote."""

    attempt: Attempt
    reason: str
    question: str = ""
    answer: str = ""
