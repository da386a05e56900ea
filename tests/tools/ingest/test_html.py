from __future__ import annotations

from pathlib import Path

import pytest

from churon.tools.ingest.extracted import Extracted
from churon.tools.ingest.load import load
from churon.tools.settings import IngestSettings


def page(folder: Path, html: str) -> Extracted:
    (folder / "a.html").write_text(html)
    return load(folder / "a.html", IngestSettings())


def test_html_hides_what_a_reader_cannot_see(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        "<title>Ferry</title><nav>Home</nav><h2>Fares <span hidden>secret</span></h2>"
        "<p>Two<br>lines of <b>text</b>.<p style='display: none'>unseen</p><!-- no -->"
        "<table><tr><th>Port</th><th>Won</th></tr><tr><td>Sorido</td><td>9,800</td></tr></table>"
        "<pre>a\n  b</pre>" + "<div>" * 3_000 + "deep",
    )
    assert document.title == "Ferry"
    assert document.text.split("\n\n") == [
        "Fares",
        "Two\nlines of text.",
        "Port | Won\nSorido | 9,800",
        "a\n  b",
        "deep",
        "",
    ]


def test_a_form_may_be_the_page(tmp_path: Path) -> None:
    document = page(
        tmp_path,
        "<body><form id=aspnetForm><h1>Notice</h1><p>The ferry leaves at nine.</p>"
        "<fieldset><legend>Name</legend><label for=f>Field</label><input id=f value=v>"
        "<select><option>One</select><button>Send</button></fieldset>"
        "<textarea>Terms\n  of use</textarea></form><label>Unfolds</label> this",
    )
    assert document.text.split("\n\n") == [
        "Notice",
        "The ferry leaves at nine.",
        "Name",
        "Terms\n  of use",
        "Unfolds this",
        "",
    ]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<pre>one<br>two<br/>three\n  four</pre>", "one\ntwo\nthree\n  four"),
        ("<pre>a<b hidden>x</b><!-- y --><i> b</i></pre>", "a b"),
        ("<pre><div>a</div><div>b\n</div>c</pre>", "a\nb\nc"),
        ("<pre>" + "<i>" * 3_000 + "deep", "deep"),
    ],
)
def test_preformatted_text_is_as_written(tmp_path: Path, html: str, text: str) -> None:
    assert page(tmp_path, html).text == text + "\n\n"


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("자바<em>스크립트</em>", "자바스크립트"),
        ("Fares <b>and</b>\n<i>times</i>", "Fares and times"),
        ("Fares<br>times<div>now</div>", "Fares times now"),
    ],
)
def test_a_headings_words_are_as_written(tmp_path: Path, heading: str, text: str) -> None:
    document = page(tmp_path, f"<h1>{heading}</h1><p>Text.</p>")
    assert [document.title, *(h.text for h in document.headings)] == [text, text]


@pytest.mark.parametrize("tag", ["center", "legend", "hgroup", "search", "dialog", "menu", "form"])
def test_blocks_are_paragraphs(tmp_path: Path, tag: str) -> None:
    document = page(tmp_path, f"before<{tag}>제목</{tag}>after")
    assert document.text == "before\n\n제목\n\nafter\n\n"
