"""Typesets `annual-report-2024.txt` as PDF in `documents`; only needed when that text changes.

    pip install fpdf2
    python samples/make_pdf.py path/to/NanumGothic.ttf

`---` on a line of its own begins a new page; the first line of a page is its heading.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

SOURCE = Path(__file__).with_name("annual-report-2024.txt")


def main(font: Path) -> None:
    """Write the PDF, the same bytes each time."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_creation_date(datetime(2025, 1, 31, tzinfo=UTC))
    pdf.set_title("마루누리해운 2024년 연차 보고서 / Marunuri Ferry, Annual Report 2024")
    pdf.set_margin(25)
    pdf.add_font("nanum", fname=font)
    for page in SOURCE.read_text("utf-8").split("---\n"):
        heading, _, body = page.strip().partition("\n")
        pdf.add_page()
        pdf.set_font("nanum", size=18)
        pdf.multi_cell(0, 12, heading, align="L", new_x="LMARGIN", new_y="NEXT")
        pdf.ln(4)
        pdf.set_font("nanum", size=11)
        pdf.multi_cell(0, 7, body.strip(), align="L")
    pdf.output(str(SOURCE.parent / "documents" / f"{SOURCE.stem}.pdf"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
