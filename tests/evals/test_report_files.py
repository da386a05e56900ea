"""The report's files: Markdown, the page's policy and data, its phrases and scripts."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import string
from importlib.resources import files
from typing import Any

import pytest
from support.eval_rows import made
from support.rows import case, row

from churon.evals.report import Gathered, markdown, page, view
from churon.evals.report.joined import joined
from churon.evals.report.page import embedded
from churon.evals.report.words import words

STATIC = files("churon.evals.report.static")
PLACES = [*STATIC.iterdir(), *files("churon.look").iterdir()]
SCRIPTS = {one.name: one.read_text("utf-8") for one in PLACES if ".js" in one.name}


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    return view(Gathered(made(12)))


def test_markdown_is_the_same_for_the_same_rows(small: dict[str, Any]) -> None:
    text = markdown(small)
    assert text == markdown(view(Gathered(made(12))))
    assert "| Measure | two\\_stage | self\\_rag | mcts\\_deep |" in text
    assert "**self\\_rag against two\\_stage** (harbour-en)" in text
    assert "근거 재현율" in markdown(small, "ko")


def test_markdown_takes_no_orders_from_rows() -> None:
    hostile = "a|b <img src=x> @team\n# [x](y)"
    rows = [
        row(case(f"q{n}"), variant=name, seconds=1.0) for n in range(3) for name in ("a", hostile)
    ]
    text = markdown(view(Gathered(rows)))
    assert "<img" not in text.replace("\\<", "") and "\n# " not in text
    assert not re.search(r"(?<!\\)@team", text)


def test_data_ends_no_tag_and_holds_half_letters() -> None:
    text = embedded({"x": "</script><!--\u2028&", "half": "\ud800"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"x": "</script><!--\u2028&", "half": "?"}


def test_the_policy_names_this_style_and_script_only(small: dict[str, Any]) -> None:
    text = page(small, "ko")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None and "'unsafe" not in policy[1] and "http" not in policy[1]
    for tag in ("style>", 'script type="module">'):
        inside = text.split(f"<{tag}", 1)[1].split(f"</{tag.partition(' ')[0].rstrip('>')}>", 1)[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[1]
    assert text.count("<script") == 3 and "$" not in text.split("<style>")[0]
    assert not re.search(r"""(?:src|href)=["'](?!#)|url\(|@import""", text.split('id="words"')[0])


def test_phrases_are_alike_in_both_languages() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, korean = words("en"), words("ko")
    assert list(english) == list(korean)
    for key, phrase in english.items():
        assert fields(phrase) == fields(korean[key]), key


def test_the_page_asks_for_phrases_that_there_are() -> None:
    asked = {key for text in SCRIPTS.values() for key in re.findall(r'\bt\("([\w. @]+)"', text)}
    shown = (STATIC / "report.html").read_text("utf-8")
    asked |= set(re.findall(r'data-t(?:-label)?="([\w.]+)"', shown))
    assert len(asked) > 40 and asked <= set(words("en"))


def test_no_script_makes_markup_of_text() -> None:
    for name, text in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text), (
            name
        )
        assert not re.search(r"fetch\(|XMLHttp|import\(|localStorage", text), name


def test_modules_are_joined_in_order_with_scopes_of_their_own() -> None:
    given_ = {
        "a": 'import { b } from "./b.js";\nb();\n',
        "b": 'import { c } from "./c.js";\nconst x = 1;\nexport function b() {\n  return x;\n}\n',
        "c": "const x = 2;\nexport const c = x;\n",
    }
    text = joined(given_, "a")
    assert [text.index(f"module_{name} =") for name in "cba"] == sorted(
        text.index(f"module_{name} =") for name in "abc"
    )
    assert "import " not in text and "export " not in text
    with pytest.raises(ValueError, match="import each other"):
        joined({"a": 'import { a } from "./a.js";\n'}, "a")
    with pytest.raises(ValueError, match="cannot be joined"):
        joined({"a": 'import a from "./a.js";\n'}, "a")
