"""A diagram as a picture, drawn by Pillow."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageDraw

from churon.cli.diagram import FONT, LINE, PAD, Box, Diagram, Link, Point
from churon.cli.fonts import font_for, has
from churon.cli.ink import BAND, INK, MARGIN, QUIET, SOFT, WON, arrow_head
from churon.tools.errors import InputError

_MOST_PIXELS = 120_000_000
_SCALES = (2, 1)
"""Pixels a unit: what is too large in the first is drawn in the second."""


def png(diagram: Diagram) -> Image.Image:
    """The picture. Raises InputError where it would be too large or no font has its letters."""
    width, height = diagram.width + 2 * MARGIN, diagram.height + 2 * MARGIN + BAND
    fitting = [scale for scale in _SCALES if width * height * scale**2 <= _MOST_PIXELS]
    if not fitting:
        raise InputError(
            f"A picture of {len(diagram.boxes)} boxes is too large for a .png.",
            remedy="Write .svg or .mmd instead.",
        )
    scale = fitting[0]
    image = Image.new("RGB", (int(width * scale), int(height * scale)), "white")
    pen = _Pen(ImageDraw.Draw(image), font_for(_text(diagram), FONT * scale), scale)
    pen.write(diagram.caption, (0.0, FONT / 2 - BAND), INK, bold=True)
    for link in sorted(diagram.links, key=lambda link: link.strong):
        pen.arrow(link)
    for box in diagram.boxes:
        pen.box(box)
    return image


def _text(diagram: Diagram) -> str:
    lines = (line for box in diagram.boxes for row in box.rows for line in row.lines)
    heads = (box.title + box.side for box in diagram.boxes)
    return "".join([diagram.caption, *heads, *lines])


class _Pen:
    def __init__(self, draw: ImageDraw.ImageDraw, font: Any, scale: int) -> None:
        self._draw, self._font, self._scale = draw, font, scale
        self._arrow = "→" if has(font, "→") else ">"  # Pillow's own font has none

    def box(self, box: Box) -> None:
        s, (color, width) = self._scale, (WON, 3) if box.strong else (QUIET, 1)
        right, bottom = box.left + box.width, box.top + box.height
        corners = (*self._at((box.left, box.top)), *self._at((right, bottom)))
        self._draw.rounded_rectangle(corners, 7 * s, fill=box.fill, outline=color, width=width * s)
        x, y = box.left + PAD, box.top + PAD + LINE / 2
        self.write(box.title, (x, y), INK, bold=True)
        self.write(box.side, (right - PAD, y), QUIET, anchor="rm")
        for row in box.rows:
            ink = QUIET if row.style == "dim" else INK
            for line in row.lines:
                y += LINE
                self.write(line.strip(), (x, y), ink, bold=row.style == "strong")

    def write(
        self, text: str, at: Point, ink: str, *, bold: bool = False, anchor: str = "lm"
    ) -> None:
        # A second stroke half a unit to the right: one font file serves both weights
        (x, y), text = self._at(at), text.replace("→", self._arrow)
        for shift in (0, self._scale // 2) if bold else (0,):
            self._draw.text((x + shift, y), text, fill=ink, font=self._font, anchor=anchor)

    def arrow(self, link: Link) -> None:
        color, width = (WON, 3 * self._scale) if link.strong else (SOFT, 3 * self._scale // 2)
        spots = [self._at(point) for point in link.points]
        self._draw.line(spots, fill=color, width=width, joint="curve")
        self._draw.polygon([self._at(point) for point in arrow_head(link.points)], fill=color)

    def _at(self, point: Point) -> Point:
        x, y = point
        return (x + MARGIN) * self._scale, (y + MARGIN + BAND) * self._scale
