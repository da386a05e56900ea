"""The tools' answers in words, for clients that show a model nothing but text."""

from __future__ import annotations

from collections.abc import Sequence

from churon.cli.common import visible
from churon.serving.mcp.results import Answer, Found, Passage, Source


def found_text(found: Found) -> str:
    """Numbered passages."""
    if not found.passages:
        return "No passages match. Try other words, or no filter."
    return visible("\n\n".join(_passage(one, f"{n}. ") for n, one in enumerate(found.passages, 1)))


def answer_text(answer: Answer) -> str:
    """The answer, then its sources with the words that bear it."""
    lines = [answer.answer, "", f"Status: {answer.status}."]
    if answer.sources:
        lines += ["", "Sources (get_source gives the text around one):"]
    for number, source in enumerate(answer.sources, 1):
        lines.append(f"[{number}] {_where(source)}")
        lines += [f'    "{words}"' for words in _quotes(answer, number)]
    lines += [f"Not found: {fact}" for fact in answer.missing]
    return visible("\n".join(lines))


def source_text(source: Source) -> str:
    """The passage between its neighbours, in reading order."""
    parts = [_passage(one) for one in source.before]
    parts.append(_passage(source.passage, "This is the source: "))
    return visible("\n\n".join([*parts, *(_passage(one) for one in source.after)]))


def _quotes(answer: Answer, number: int) -> Sequence[str]:
    cited = (one for sentence in answer.sentences for one in sentence.citations)
    return list(dict.fromkeys(" ".join(one.quote.split()) for one in cited if one.number == number))


def _passage(one: Passage, head: str = "") -> str:
    return f"{head}{_where(one)}\n{one.text.strip()}"


def _where(one: Passage) -> str:
    page = f", page {one.page}" if one.page else ""
    return f"{one.document}{page}, characters {one.start}-{one.end}, id {one.id}"
