"""README and docs/: links lead somewhere, both editions keep step, what they name exists."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from churon.cli.app import app
from churon.tools.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = sorted(
    path for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) if ".ko" not in path.name
)
PAGES = [*ENGLISH, *(path.with_suffix(".ko.md") for path in ENGLISH)]
_LINK = re.compile(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SECTIONS = "|".join(set(Settings.model_fields) - {"preset"})

pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def headings(page: Path) -> list[str]:
    """Lines that begin with #, outside of code."""
    return re.findall(r"^#+ .+$", _BLOCK.sub("", text_of(page)), re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of the headings."""
    plain = (re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()) for line in headings(page))
    return {line.replace(" ", "-") for line in plain}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every line of a shell block that calls churon, as page and words."""
    for page in PAGES:
        for language, block in _BLOCK.findall(text_of(page)):
            for line in block.splitlines() if language == "sh" else ():
                for part in re.split(r"&&", line):
                    words = shlex.split(part, comments=True)
                    if words[:1] == ["churon"]:
                        yield page.name, words[1:]


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for groups in _LINK.findall(text_of(page)):
        place, _, anchor = "".join(groups).partition("#")
        if "://" in place:
            continue
        target = page.parent / place if place else page
        assert target.exists(), place
        assert not anchor or anchor in anchors(target), f"{place}#{anchor}"


@pytest.mark.parametrize("page", ENGLISH, ids=lambda path: path.name)
def test_the_korean_edition_keeps_step(page: Path) -> None:
    other = page.with_suffix(".ko.md")
    levels = [[line.split()[0] for line in headings(one)] for one in (page, other)]
    assert levels[0] == levels[1]
    blocks = [_BLOCK.findall(text_of(one)) for one in (page, other)]
    assert [language for language, _ in blocks[0]] == [language for language, _ in blocks[1]]
    for (language, block), (_, twin) in zip(*blocks, strict=True):
        if language == "toml":
            assert tomllib.loads(block) == tomllib.loads(twin)
        elif language == "text":
            assert block == twin  # what a program printed


def test_commands_and_options_exist() -> None:
    known = list(commands())
    assert len(known) > 40
    for page, words in known:
        at: Any = typer.main.get_command(app)
        options = _options(at)
        for word in words:
            if word in getattr(at, "commands", {}):
                at = at.commands[word]
                options = _options(at)
            elif word.startswith("-"):
                assert word in options, f"{page}: churon {' '.join(words)}"
        assert not getattr(at, "commands", {}), f"{page}: churon {' '.join(words)}"


def _options(command: Any) -> set[str]:
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


@pages
def test_settings_exist(page: Path, tmp_path: Path) -> None:
    for language, block in _BLOCK.findall(text_of(page)):
        if language == "toml":
            (tmp_path / "churon.toml").write_text(block.replace('"…"', f'"{"0" * 64}"'), "utf-8")
            load_settings(tmp_path / "churon.toml")
    for section, name in re.findall(rf"[` ]({_SECTIONS})\.([a-z_0-9]+)", text_of(page)):
        held = Settings.model_fields[section].annotation
        assert held and name in getattr(held, "model_fields", {}), f"{section}.{name}"
