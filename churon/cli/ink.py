"""Colours, margins and arrow heads that pictures and SVG share."""

from __future__ import annotations

from churon.cli.diagram import Point

INK, QUIET, SOFT, WON = "#1f2430", "#566071", "#9aa3b2", "#0b6e4f"
"""Text, less important text and borders, arrows, the winner's path."""
MARGIN, BAND = 24, 30
"""Space around everything, and the caption's height."""
_BACK, _SIDE = 8.0, 4.0


def arrow_head(points: list[Point]) -> list[Point]:
    """The triangle at the end of an arrow."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-6)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    base = (x1 - ux * _BACK, y1 - uy * _BACK)
    left = (base[0] - uy * _SIDE, base[1] + ux * _SIDE)
    return [(x1, y1), left, (base[0] + uy * _SIDE, base[1] - ux * _SIDE)]
