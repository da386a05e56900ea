"""A run as a picture, as SVG and as mermaid: everything is there once, whole and escaped."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor, ImageFont
from support.reasoned import node, plan_run, plans, run_of, step, tree_run, trees

from churon.cli import fonts
from churon.cli.diagram import FONT, PAD, Box, Diagram, diagram_of
from churon.cli.diagram_png import png
from churon.cli.diagram_text import mermaid, svg
from churon.cli.fonts import font_for
from churon.cli.ink import BAND, MARGIN
from churon.cli.measure import length, wrap
from churon.tools.errors import InputError
from churon.tools.types import PlanStep, TreeNode

SVG = "{http://www.w3.org/2000/svg}"


def of_tree(nodes: list[TreeNode], winner: str = "") -> Diagram:
    """The diagram of a run with that tree."""
    won = {"step": "winner", "node": winner}
    return diagram_of(run_of("en", {"step": "tree", "nodes": nodes}, won))


def of_plan(steps: list[PlanStep]) -> Diagram:
    """The diagram of a run with that plan, of which nothing was run."""
    return diagram_of(run_of("en", {"step": "plan", "plan": steps}, answer="The end."))


def korean_font() -> Any:
    """A font with Hangul, or the test is skipped."""
    try:
        return font_for("한글", FONT)
    except InputError:
        pytest.skip("no Korean font is installed")


def apart(a: Box, b: Box) -> bool:
    """Whether two boxes leave space between them."""
    across = abs(a.xy[0] - b.xy[0]) >= (a.width + b.width) / 2 + 8
    return across or abs(a.xy[1] - b.xy[1]) >= (a.height + b.height) / 2 + 8


def check(diagram: Diagram, keys: list[str]) -> None:
    """Every box once in each writer, none over another, nothing outside."""
    assert [box.key for box in diagram.boxes] == keys
    assert all(apart(a, b) for a, b in combinations(diagram.boxes, 2))
    spots = [point for link in diagram.links for point in link.points]
    spots += [(box.left, box.top) for box in diagram.boxes]
    spots += [(box.left + box.width, box.top + box.height) for box in diagram.boxes]
    assert all(-1 <= x <= diagram.width + 1 and -1 <= y <= diagram.height + 1 for x, y in spots)
    drawn = ElementTree.fromstring(svg(diagram))
    assert [
        group.get("data-key") for group in drawn.iter(f"{SVG}g") if "data-key" in group.attrib
    ] == keys
    lines = mermaid(diagram).splitlines()
    assert [line.split("[")[0] for line in lines if '["' in line] == [
        f"    b{i}" for i in range(len(keys))
    ]
    assert sum(" --> " in line for line in lines) == len(diagram.links)
    assert len(lines) == 2 + 2 * len(keys) + len(diagram.links) + ("linkStyle" in lines[-1])


@settings(deadline=None)
@given(trees(), st.integers(0, 30))
def test_any_tree(nodes: list[TreeNode], winner: int) -> None:
    diagram = of_tree(nodes, f"n{winner}")
    check(diagram, [node["id"] for node in nodes])
    assert len(diagram.links) == len(nodes) - 1
    assert sum(box.strong for box in diagram.boxes) - sum(
        link.strong for link in diagram.links
    ) in (0, 1)


@settings(deadline=None)
@given(plans())
def test_any_plan(steps: list[PlanStep]) -> None:
    diagram = of_plan(steps)
    check(diagram, [step["id"] for step in steps] + [""])
    for link in diagram.links:  # past the layers between an arrow runs upright, beside the boxes
        for (x, y), (z, w) in zip(link.points[1:-1:2], link.points[2:-1:2], strict=True):
            inside = [b for b in diagram.boxes if b.left < x < b.left + b.width and y < b.xy[1] < w]
            assert (x, inside) == (z, [])


@pytest.mark.parametrize("run", [tree_run, plan_run])
@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_picture_shows_every_box(run: Any, language: Any) -> None:
    if language == "ko":
        korean_font()
    diagram = diagram_of(run(language))
    image = png(diagram)
    assert image.size == (
        int(2 * (diagram.width + 2 * MARGIN)), int(2 * (diagram.height + 2 * MARGIN + BAND))
    )  # fmt: skip
    for box in diagram.boxes:
        inner = (2 * (box.left + 4 + MARGIN), 2 * (box.xy[1] + MARGIN + BAND))
        assert image.getpixel((int(inner[0]), int(inner[1]))) == ImageColor.getrgb(box.fill)
        assert inks(image, box) > 60


def inks(image: Image.Image, box: Box) -> int:
    """Dark pixels in a box's first line: letters of its title."""
    left, top = 2 * (box.left + PAD + MARGIN), 2 * (box.top + PAD + MARGIN + BAND)
    title = image.crop((int(left), int(top), int(left + 200), int(top + 36))).convert("L")
    return sum(title.histogram()[:90])


def test_what_a_tree_says() -> None:
    diagram = diagram_of(tree_run("en"))
    assert (diagram.caption, diagram.direction) == ("Search tree · nodes: 6 · rollouts: 3", "LR")
    won = diagram.boxes[3]
    assert (won.title, won.side, won.strong) == ("conclude", "N 1 · mean 0.92", True)
    texts = ["".join(row.lines) for row in won.rows]
    assert texts == ["→ The larger ferry carries 198.", "value 0.92 · vote 1.00 · support 0.84"]
    assert [box.key for box in diagram.boxes if box.strong] == ["n0", "n1", "n3"]
    fills = {box.key: box.fill for box in diagram.boxes}
    assert len({fills["n3"], fills["n5"], fills["n4"]}) == 3  # good, middling, not visited


def test_what_a_plan_says() -> None:
    diagram = diagram_of(plan_run("ko"))
    assert diagram.direction == "TD"
    texts = [["".join(row.lines) for row in box.rows] for box in diagram.boxes]
    assert texts == [
        ["여객선의 승객 정원 A?", "→ 198명", "문단에서 읽음 · 완전히 뒷받침됨 0.93"],
        ["여객선의 승객 정원 B?", "풀지 못함"],
        ["#1 > #2?", "실행하지 않음"],
        ["더 큰 배는 198명을 태운다."],
    ]
    assert [(link.source, link.target) for link in diagram.links] == [(0, 2), (1, 2), (2, 3)]
    assert diagram.boxes[0].xy[0] < diagram.boxes[1].xy[0]  # in the plan's order
    assert len({box.fill for box in diagram.boxes}) == 4


NASTY = [
    "\"q\" <b>x</b> & 'y' ]]>",
    "1. a list",
    "- a list",
    "`code` *b* _i_ ~~s~~",
    "#quot; #35;",
    '%%{init: {"theme":"dark"}}%%',
    "style b0 fill:#fff;",
    "\x00\x1b[31m\u202e\ufffe\ud800",
    "a\n\nb",
]


@pytest.mark.parametrize("text", NASTY)
def test_special_characters_are_escaped(text: str) -> None:
    diagram = of_tree([node("n0", query=text, answer=text)])
    drawn = svg(diagram)
    texts = [element.text or "" for element in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    shown = " ".join(
        "".join("\ufffd" if c in "\x00\x1b\u202e\ufffe\ud800" else c for c in text).split()
    )
    assert shown in texts
    assert f"→ {shown}" in texts
    written = mermaid(diagram)
    assert written.count('"') == 2
    label = written.split('"')[1]
    assert not set(re.sub(r"#\d+;|<br/>", "", label)) & set("#;<>&`%{}[]|*_~\\:")
    assert not re.search(r"<br/>(\d+[.)]|[-+*]) ", label)
    assert (drawn + written).encode()  # no half characters


def test_an_arrow_of_the_winner_is_strong_in_each_writer() -> None:
    diagram = diagram_of(tree_run("en"))
    assert "linkStyle 0,2 stroke" in mermaid(diagram)
    assert svg(diagram).count("stroke-width='3'") == 3 + 2


def test_neither_tree_nor_plan_names_what_is_there() -> None:
    with pytest.raises(InputError, match="its steps are: search, rerank") as caught:
        diagram_of(run_of("en", {"step": "search"}, {"step": "rerank"}, {"step": "search"}))
    assert "mcts_rag or cot_rag" in str(caught.value)
    with pytest.raises(InputError, match="its steps are: none"):
        diagram_of(run_of("en"))


def test_without_a_korean_font_the_way_out_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(fonts, "_FOLDERS", (str(tmp_path),))
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "NanumGothic.ttf").write_bytes(b"no font")
    with pytest.raises(InputError, match=r"fonts-nanum, or write \.svg or \.mmd"):
        png(diagram_of(tree_run("ko")))
    assert png(diagram_of(tree_run("en"))).width > 100  # English needs none
    assert "여객선" in svg(diagram_of(tree_run("ko")))


def test_fonts_without_hangul_are_seen_through() -> None:
    assert not fonts.has(ImageFont.load_default(FONT), "한")
    assert fonts.has(ImageFont.load_default(FONT), "A")
    assert fonts.has(korean_font(), "한")


@pytest.mark.parametrize(
    "text", ["What is the passenger capacity of the larger ferry?", "NODE 198 (Pado-ho) 0.93 · MW"]
)
def test_no_font_needs_more_room_than_was_measured(text: str) -> None:
    known = [ImageFont.load_default(50), font_for("é", 50)]
    assert all(font.getlength(text) <= length(text) * 50 for font in known)


def test_a_korean_font_needs_no_more_room_either() -> None:
    text = "파도호의 승객 정원은 198명이며, 값 0.92 · 일치 1.00 → 뒷받침…"
    assert korean_font().getlength(text) <= length(text) * FONT


@given(st.text(max_size=200), st.integers(3, 40), st.integers(1, 5))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int, most: int) -> None:
    lines = wrap(text, width, most)
    assert len(lines) <= most
    assert all(length(line.rstrip()) <= width for line in lines)
    joined = "".join(lines)
    assert joined == text or (joined.endswith("…") and text.startswith(joined[:-1]))


def test_a_picture_beyond_memory_is_refused_with_a_way_out() -> None:
    nodes = [node("n0"), *(node(f"n{i}", "n0", "reason", text="x") for i in range(1, 12_000))]
    with pytest.raises(InputError, match="12000 boxes is too large"):
        png(of_tree(nodes))


def test_depth_is_no_recursion() -> None:
    nodes = [node("n0"), *(node(f"n{i}", f"n{i - 1}", "reason") for i in range(1, 3_000))]
    assert of_tree(nodes, "n2999").width > 3_000


def test_a_dependency_on_a_step_that_is_gone_is_left_out() -> None:
    assert [(a.source, a.target) for a in of_plan([step("2", "?", "1", "1")]).links] == [(0, 1)]
