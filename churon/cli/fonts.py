"""A font that has the letters of a text; Pillow's own has no Hangul."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import ImageFont

from churon.tools.errors import InputError
from churon.tools.setting_values import at_home

_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
    "~/AppData/Local/Microsoft/Windows/Fonts",
)
_NAMES = (
    "NotoSansKR-Regular.*",
    "NotoSansKR*.*",
    "NotoSansCJK*-Regular.*",
    "NanumGothic.*",
    "NanumBarunGothic.*",
    "AppleSDGothicNeo.*",
    "malgun.ttf",
    "UnDotum.*",
    "gulim.ttc",
)
"""In order of preference."""
_OTHERS = ("NotoSans-Regular.*", "DejaVuSans.ttf", "LiberationSans-Regular.*", "[Aa]rial.ttf")
"""Without Hangul, with more than Pillow's own: arrows, accents, Cyrillic."""


def font_for(text: str, size: int) -> Any:
    """Pillow's own font for plain ASCII; else the first of the machine's that fits.

    Raises InputError where Hangul would come out as empty boxes.
    """
    if text.isascii():
        return ImageFont.load_default(size)
    hangul = bool(_HANGUL.search(text))
    for path in font_files(hangul):
        font = _loaded(path, size)
        if font is not None and (has(font, "한") or not hangul):
            return font
    if hangul:
        raise InputError(
            "No font with Korean letters was found.",
            remedy="Install one, such as fonts-nanum, or write .svg or .mmd instead.",
        )
    return ImageFont.load_default(size)


def font_files(hangul: bool) -> Iterator[Path]:
    """Files that may be such fonts, by name and by what the system's font matcher says."""
    folders = [folder for name in _FOLDERS if (folder := at_home(name)).is_dir()]
    for pattern in _NAMES if hangul else (*_OTHERS, *_NAMES):
        for folder in folders:
            yield from sorted(folder.rglob(pattern))
    if matched := _matched("ko" if hangul else "en"):
        yield matched


def has(font: Any, char: str) -> bool:
    """Whether the font draws something else than the empty box of what is no character at all."""
    return bytes(font.getmask(char)) != bytes(font.getmask("\U0010ffff"))


def _loaded(path: Path, size: int) -> Any:
    try:
        # Its bytes: for a name that fails, Pillow would look for another file of that name
        return ImageFont.truetype(BytesIO(path.read_bytes()), size)
    except OSError:  # not a font, or one that FreeType refuses
        return None


def _matched(language: str) -> Path | None:
    """What fontconfig names for a language: some font in any case, so it has to be looked at."""
    command = shutil.which("fc-match")
    if command is None:
        return None
    try:
        said = subprocess.run(
            [command, "--format=%{file}", f":lang={language}"],
            capture_output=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(said.stdout.decode(errors="replace"))
