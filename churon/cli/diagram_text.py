"""A diagram as SVG, whose viewer brings the fonts, and as mermaid, whose viewer lays it out."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from churon.cli.diagram import FONT, LINE, PAD, Box, Diagram, Link
from churon.cli.ink import BAND, INK, MARGIN, QUIET, SOFT, WON, arrow_head

_FONTS = "'Noto Sans KR','Nanum Gothic','Malgun Gothic','Apple SD Gothic Neo',sans-serif"
_STYLES = {"title": "font-weight='bold'", "plain": "", "strong": "font-weight='bold'"}


def svg(diagram: Diagram) -> str:
    """One SVG document."""
    width, height = diagram.width + 2 * MARGIN, diagram.height + 2 * MARGIN + BAND
    caption = escape(diagram.caption)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:.0f}' height='{height:.0f}'"
        f" viewBox='0 0 {width:.0f} {height:.0f}' font-family=\"{_FONTS}\" font-size='{FONT}'"
        f" fill='{INK}'>",
        f"<title>{caption}</title>",
        "<rect width='100%' height='100%' fill='white'/>",
        f"<text x='{MARGIN}' y='{MARGIN + FONT}' {_STYLES['title']}>{caption}</text>",
        f"<g transform='translate({MARGIN} {MARGIN + BAND})'>",
        *map(_svg_link, sorted(diagram.links, key=lambda link: link.strong)),
        *map(_svg_box, diagram.boxes),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _svg_link(link: Link) -> str:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in link.points)
    tip = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow_head(link.points))
    color, width = (WON, 3) if link.strong else (SOFT, 1.5)
    line = f"<polyline points='{way}' fill='none' stroke='{color}' stroke-width='{width}'/>"
    return f"{line}<polygon points='{tip}' fill='{color}'/>"


def _svg_box(box: Box) -> str:
    color, width = (WON, 3) if box.strong else (QUIET, 1)
    parts = [
        f"<g data-key={quoteattr(box.key)}><rect x='{box.left:.1f}' y='{box.top:.1f}'"
        f" width='{box.width:.1f}' height='{box.height:.1f}' rx='7' fill='{box.fill}'"
        f" stroke='{color}' stroke-width='{width}'/>"
    ]
    y = box.top + PAD + LINE / 2 + FONT * 0.35
    left, right = box.left + PAD, box.left + box.width - PAD
    parts.append(f"<text x='{left:.1f}' y='{y:.1f}' font-weight='bold'>{escape(box.title)}</text>")
    if box.side:
        place = f"x='{right:.1f}' y='{y:.1f}' text-anchor='end' fill='{QUIET}'"
        parts.append(f"<text {place}>{escape(box.side)}</text>")
    for row in box.rows:
        look = _STYLES.get(row.style, f"fill='{QUIET}'")
        for line in row.lines:
            y += LINE
            parts.append(f"<text x='{left:.1f}' y='{y:.1f}' {look}>{escape(line.strip())}</text>")
    return "".join([*parts, "</g>"])


def mermaid(diagram: Diagram) -> str:
    """One mermaid flowchart; places are left to its viewer."""
    parts = [f"%% {_quoted(diagram.caption)}", f"flowchart {diagram.direction}"]
    for i, box in enumerate(diagram.boxes):
        texts = [f"{box.title} · {box.side}" if box.side else box.title]
        texts += ["".join(row.lines) for row in box.rows]
        label = "<br/>".join(map(_quoted, texts))
        parts.append(f'    b{i}["{label}"]')
        border = f"stroke:{WON},stroke-width:3px" if box.strong else f"stroke:{QUIET}"
        parts.append(f"    style b{i} fill:{box.fill},color:{INK},{border}")
    parts += [f"    b{link.source} --> b{link.target}" for link in diagram.links]
    if won := [str(i) for i, link in enumerate(diagram.links) if link.strong]:
        parts.append(f"    linkStyle {','.join(won)} stroke:{WON},stroke-width:3px")
    return "\n".join(parts) + "\n"


def _quoted(text: str) -> str:
    """Mermaid's own escapes for all signs that it, its HTML or its markdown could take as theirs.

    A label that begins as a list does ("1.", "-") would be refused as one, and a colon after the
    word "style" makes mermaid cut the line's last escape.
    """
    safe = re.sub(r"[^\w\s.,?!'()+=/-]|_", _entity, text, flags=re.ASCII)
    return re.sub(r"^(\d*)([.)+-])", lambda found: found[1] + f"#{ord(found[2])};", safe)


def _entity(found: re.Match[str]) -> str:
    sign = found[0]
    return f"#{ord(sign)};" if sign.isascii() else sign
