"""In which order reasoning.py asks, and what it need not ask again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reasoning_rows import Row, done, key, setup

if TYPE_CHECKING:
    from reasoning_data import Question

Task = tuple["Question", str]
"""A question and the graph to ask."""


def schedule(samples: Mapping[str, Sequence[Question]], graphs: Sequence[str]) -> Iterator[Task]:
    """Question 1 of each set, then question 2: a stop at any time leaves a balanced comparison.

    All graphs of a question follow each other; who comes first rotates, as the model's prefix cache
    and the disk are warmer for the later ones.
    """
    for place in range(max(map(len, samples.values()), default=0)):
        first = place % len(graphs)
        for questions in samples.values():
            for graph in [*graphs[first:], *graphs[:first]]:
                if place < len(questions):
                    yield questions[place], graph


def missing(
    tasks: Iterable[Task], rows: Sequence[Row], given: Row, *, resume_only: bool = False
) -> list[Task]:
    """The tasks without an answer; `resume_only`: of questions that have a row of this setup."""
    finished = done(rows)
    begun = {(row["set"], row["id"]) for row in rows if setup(row) == setup(given)}
    return [
        (question, graph)
        for question, graph in tasks
        if key(named(question, graph, given)) not in finished
        and (not resume_only or (question.set, question.id) in begun)
    ]


def named(question: Question, graph: str, given: Row) -> Row:
    """The row's head."""
    return {"set": question.set, "id": question.id, "graph": graph, **given}
