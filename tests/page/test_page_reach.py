"""For everyone: keyboard, phone, dark, no motion; nothing from elsewhere, nothing inline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.bridge import QUESTION, TEXTS, model
from support.page_world import page_app
from support.serving import listening

LONG = "wordwithoutanyplacetobreak" * 8
PASSAGES = [(f"{LONG}/{n}.md", n, 0, f"{LONG} {text}") for n, text in enumerate(TEXTS, 1)]
STATIC = Path(__file__).resolve().parents[2] / "churon" / "serving" / "page" / "static"
CONTRAST = """
() => {
  const rgb = (css) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] > 200) return colour;
    }
    return [255, 255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()
    && !one.closest(":disabled, .unseen, .skip, option")
    && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return texts.map((one) => {
    const [a, b] = [light(rgb(getComputedStyle(one).color)), light(ground(one))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.className, one.textContent];
  }).filter(([ratio]) => ratio < 4.5);
}
"""
NAMELESS = """
() => [...document.querySelectorAll("button, input, select, textarea, dialog, article, aside")]
  .filter((one) => !one.textContent.trim() && !one.getAttribute("aria-label") && !one.labels?.length
    && !one.getAttribute("aria-labelledby"))
  .map((one) => one.outerHTML)
"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with listening(page_app(model(), PASSAGES)) as url:
        yield url


def focused(page: Any) -> str:
    told: str = page.evaluate("document.activeElement.id || document.activeElement.className")
    return told


def test_the_keyboard_is_enough(open_tab: Callable[..., Any], url: str) -> None:
    page = open_tab(url).page
    assert focused(page) == "question"
    page.keyboard.type(QUESTION)
    page.keyboard.press("Tab")
    assert focused(page) == "graph"
    page.keyboard.type("cot")
    page.keyboard.press("Tab")
    assert focused(page) == "send"
    page.keyboard.press("Enter")
    page.locator(".badge.grounded").wait_for()
    assert focused(page) == "question"
    for _ in range(20):
        page.keyboard.press("Shift+Tab")
        if focused(page) == "cite":
            break
    ring = "getComputedStyle(document.activeElement).outlineStyle"
    assert focused(page) == "cite" and page.evaluate(ring) == "solid"
    page.keyboard.press("Enter")
    page.locator("#passage mark").wait_for()
    inside = "document.activeElement.closest('dialog')?.id"
    for _ in range(4):
        assert page.evaluate(inside) in ("passage", None)  # None: the browser's own controls
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    page.locator("#passage").wait_for(state="hidden")
    assert focused(page) == "cite"


def test_enter_in_the_middle_of_a_korean_syllable_asks_nothing(
    open_tab: Callable[..., Any], url: str
) -> None:
    page = open_tab(url, "ko-KR").page
    page.locator("#question").fill("선장은 누구")
    page.locator("#question").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    assert page.locator(".turn").count() == 0
    page.locator("#question").press("Shift+Enter")
    assert page.locator(".turn").count() == 0
    assert page.locator("#question").input_value() == "선장은 누구\n"


@pytest.mark.parametrize("graph", ["cot_rag", "mcts_rag"])
def test_a_phone_needs_no_sideways_scrolling(
    open_tab: Callable[..., Any], url: str, graph: str
) -> None:
    tab = open_tab(url, "ko-KR", (360, 740), has_touch=True, is_mobile=True)
    wide = "document.scrollingElement.scrollWidth > innerWidth"
    assert not tab.page.evaluate(wide)
    turn = tab.asked(f"{QUESTION} {LONG}", graph)
    assert not tab.page.evaluate(wide)
    turn.locator(".card").first.tap()
    tab.page.locator("#passage-text").wait_for()
    inner = "(() => { const one = document.getElementById('passage');"
    assert tab.page.evaluate(f"{inner} return one.scrollWidth <= one.clientWidth; }})()")
    small = "[...document.querySelectorAll('.composer button, .top button')].filter((one) => "
    assert tab.page.evaluate(f"{small} one.checkVisibility() && one.offsetHeight < 30).length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_and_controls_have_names(
    open_tab: Callable[..., Any], url: str, scheme: str
) -> None:
    tab = open_tab(url, color_scheme=scheme)
    assert tab.page.evaluate(CONTRAST) == []
    for graph in ("mcts_rag", "cot_rag"):
        tab.asked(QUESTION, graph)
    tab.asked("Who is the pope?", "two_stage")
    assert tab.page.evaluate(CONTRAST) == []
    assert tab.page.evaluate(NAMELESS) == []
    assert tab.page.evaluate("getComputedStyle(document.body).colorScheme") == "light dark"
    tab.page.locator(".cite").first.click()
    assert tab.page.evaluate(CONTRAST) == []


def test_the_policy_allows_this_server_and_nothing_inline(
    open_tab: Callable[..., Any], url: str
) -> None:
    policy = httpx.get(url).headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    tab = open_tab(url)
    written = "document.body.innerHTML = '<b>x</b>'"
    with pytest.raises(Exception, match="TrustedHTML"):
        tab.page.evaluate(f"() => {{ {written} }}")
    assert len(tab.complaints) == 1 and "TrustedHTML" in tab.complaints.pop()
    for path in STATIC.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", text)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path.name
        assert not re.search(r"<style|<script(?! type=\"module\" src)|\sstyle=|\son\w+=\"", text)
        assert len(text.splitlines()) <= 300, path.name


def test_both_languages_have_every_phrase(open_tab: Callable[..., Any], url: str) -> None:
    page = open_tab(url).page
    en, ko = page.evaluate(
        "async () => Promise.all(['en', 'ko'].map(async (one) => "
        "Object.keys((await import(`./page/words-${one}.js`)).default)))"
    )
    assert sorted(en) == sorted(ko)
    used = set()
    for path in [*STATIC.glob("*.js"), STATIC / "index.html"]:
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"\bt\(\"(\w+)\"", text))
        used |= set(re.findall(r"data-t(?:-label|-placeholder)?=\"(\w+)\"", text))
    assert len(used) > 30 and used <= set(en)
