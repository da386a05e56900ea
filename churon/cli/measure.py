"""How wide text is in any ordinary font, and where it breaks: one layout serves every writer."""

from __future__ import annotations

import unicodedata

TIE = "\N{NO-BREAK SPACE}"
_NARROW, _WIDE = frozenset("fijlrtI.,:;'|!()[] ·" + TIE), frozenset("mwMW@%")


def em(char: str) -> float:
    """Width in font sizes; rather too much, so that no viewer's font runs out of a box."""
    if char in _NARROW:
        return 0.42
    if char.isascii():
        plain = char.islower() or char.isdigit() or char in '-_/"*?'
        return 1.0 if char in _WIDE else 0.65 if plain else 0.84
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    return 0.9 if unicodedata.east_asian_width(char) in "NH" else 1.0


def length(text: str) -> float:
    """Width in font sizes."""
    return sum(map(em, text))


def tied(facts: list[str]) -> str:
    """Facts on one line that breaks only between them."""
    return " · ".join(facts).replace(" ", TIE).replace(f"·{TIE}", "· ")


def wrap(text: str, width: float, most: int) -> list[str]:
    """At most so many lines of that width (in font sizes); what does not fit ends in "…".

    Joined, the lines are the text up to there. Lines break after spaces, or inside a long word.
    """
    lines: list[str] = []
    while text and len(lines) < most:
        end = _fitting(text, width)
        if end < len(text) and len(lines) == most - 1:
            lines.append(text[: _fitting(text, width - em("…"))].rstrip() + "…")
            break
        if end < len(text):
            space = text.rfind(" ", 0, end + 1)
            end = space + 1 if space > 0 else end
        lines.append(text[:end])
        text = text[end:]
    return lines


def _fitting(text: str, width: float) -> int:
    """How many characters fit, at least one."""
    for end, char in enumerate(text):
        width -= em(char)
        if width < 0:
            return max(end, 1)
    return len(text)
