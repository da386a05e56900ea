from __future__ import annotations

from pathlib import Path

import pytest

from churon.tools.ingest.extracted import Extracted
from churon.tools.ingest.load import load
from churon.tools.ingest.split import split
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings()


def markdown(folder: Path, text: str) -> Extracted:
    (folder / "a.md").write_text(text)
    return load(folder / "a.md", SETTINGS)


@pytest.mark.parametrize(
    "text",
    [
        "---\n# Section one\n\nText.\n\n---\n\n# Section two\n",
        "---\n\nnote: after a blank line\n\n---\nMore.\n",
        "---\n# Only a heading\n---\nMore.\n",
        "---\nnote: a line\nThen prose.\n---\nMore.\n",
        "---\nkey: never closed\n",
    ],
)
def test_text_between_rules_is_no_front_matter(tmp_path: Path, text: str) -> None:
    assert markdown(tmp_path, text).text == text


@pytest.mark.parametrize(
    "front",
    [
        "",
        "title: Fares\n",
        "title: Fares\ndate created: 2020-01-01\n작성 일: 2020\n",
        "# who: the crew\ntitle: 'Fares'\n\ntags:\n- a\n  - b\nog:url: x\nlist: [\n]\n제목:\n",
    ],
)
def test_front_matter_is_no_text(tmp_path: Path, front: str) -> None:
    document = markdown(tmp_path, f"---\n{front}---\nText.\n\n---\nEnd.\n")
    assert document.text == "Text.\n\n---\nEnd.\n"
    assert document.title == ("Fares" if "title" in front else "a")


def test_code_within_a_line_opens_no_fence(tmp_path: Path) -> None:
    text = (
        "```npm install```\n\n# One\n\n```sh\n# no heading\n```\n\n~~~ `x`\n# none\n~~~\n\n# Two\n"
    )
    assert [heading.text for heading in markdown(tmp_path, text).headings] == ["One", "Two"]


@pytest.mark.parametrize(
    ("name", "head", "tail"),
    [
        ("a.md", "# ", "\n\nText."),
        ("a.md", "---\ntitle: ", "\n---\nText."),
        ("a.html", "<title>", "</title><p>Text.</p>"),
        ("a.html", "<h1>", "</h1><p>Text.</p>"),
    ],
)
def test_long_names_are_cut_where_each_passage_bears_them(
    tmp_path: Path, name: str, head: str, tail: str
) -> None:
    long = "아주 긴 제목 " * 9_000
    (tmp_path / name).write_text(f"{head}{long}{tail}")
    document = load(tmp_path / name, SETTINGS)
    assert len(document.title) <= 200 and document.title.endswith("…")
    chunks = split(document, SETTINGS)
    assert max(len(chunk.section) for chunk in chunks) <= 200
    if document.headings:
        assert document.text.count("제목") == 9_000
