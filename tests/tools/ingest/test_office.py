from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from pptx import Presentation

from churon.tools.ingest.load import load
from churon.tools.settings import IngestSettings

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SPACES = (
    f'xmlns:w="{W}" xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
BOX = "<w:txbxContent><w:p><w:r><w:t>Box {}</w:t></w:r></w:p></w:txbxContent>"


def xml(text: str) -> Any:
    head, space, tail = text.partition(">")
    return parse_xml(f"{head} {SPACES}{space}{tail}")


def run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def written(path: Path, *body: str) -> str:
    document = docx.Document()
    for element in body:
        document.element.body.insert(-1, xml(element))
    document.save(str(path))
    return load(path, IngestSettings()).text


def table(*rows: str) -> str:
    return f"<w:tbl><w:tblPr/><w:tblGrid/>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr><w:p>{run(text)}</w:p></w:tc>"


def test_neighbours_with_equal_text_are_two_cells(tmp_path: Path) -> None:
    rows = [["Item", "Q1", "Q2", "Q3"], ["Sales", "100", "100", "120"]]
    text = written(tmp_path / "a.docx", table(*("".join(map(cell, row)) for row in rows)))
    assert text == "Item | Q1 | Q2 | Q3\nSales | 100 | 100 | 120\n\n"


def test_a_merged_cell_is_given_once_a_row(tmp_path: Path) -> None:
    wide, begin, goes_on = '<w:gridSpan w:val="2"/>', '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    text = written(
        tmp_path / "a.docx",
        table(
            cell("Won", wide) + cell("Port", begin),
            cell("1") + cell("2") + cell("", goes_on),
            cell("") + cell("") + cell(""),
        ),
    )
    assert text == "Won | Port\n1 | 2 | Port\n\n"


@pytest.mark.parametrize(
    ("inline", "text"),
    [
        (f"<w:sdt><w:sdtContent>{run('9,800')}</w:sdtContent></w:sdt>", "9,800"),
        (f'<w:ins w:id="1" w:author="a">{run("new")}</w:ins>', "new"),
        (f'<w:del w:id="1" w:author="a">{run("old")}</w:del>', ""),
        (f"<w:smartTag>{run('Sorido')}</w:smartTag>", "Sorido"),
        (f"<w:hyperlink>{run('link')}</w:hyperlink><!-- x -->", "link"),
        ("<w:r><w:tab/><w:t>a</w:t><w:br/><w:t>b</w:t><w:noBreakHyphen/></w:r>", "\ta\nb-"),
    ],
)
def test_wrapped_runs(tmp_path: Path, inline: str, text: str) -> None:
    tabs = "<w:pPr><w:tabs><w:tab w:val='left' w:pos='1'/></w:tabs></w:pPr>"
    body = f"<w:p>{tabs}{run('Price:')}{inline}{run('.')}</w:p>"
    assert written(tmp_path / "a.docx", body) == f"Price:{text}.\n\n"


def test_wrapped_paragraphs_rows_and_cells(tmp_path: Path) -> None:
    def wrapped(content: str) -> str:
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"

    heading = f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr>{run("Fares")}</w:p>'
    row = f"<w:tr>{cell('a')}{wrapped(cell('b'))}</w:tr>"
    text = written(
        tmp_path / "a.docx",
        wrapped(heading + f"<w:p>{run('Text')}</w:p>"),
        f"<w:tbl><w:tblPr/><w:tblGrid/>{wrapped(row)}</w:tbl>",
    )
    assert text == "Fares\n\nText\n\na | b\n\n"
    assert [h.text for h in load(tmp_path / "a.docx", IngestSettings()).headings] == ["Fares"]


def test_text_boxes_follow_their_paragraph_once(tmp_path: Path) -> None:
    boxes = [f"<w:pict><v:textbox>{BOX.format(n)}</v:textbox></w:pict>" for n in (1, 2)]
    twice = (
        f"<mc:AlternateContent><mc:Choice>{boxes[1]}</mc:Choice>"
        f"<mc:Fallback>{boxes[1]}</mc:Fallback></mc:AlternateContent>"
    )
    anchor = f"<w:p><w:r>{boxes[0]}</w:r>{run('Anchor')}<w:r>{twice}</w:r></w:p>"
    held = f"<w:tc>{anchor}</w:tc>"
    text = written(tmp_path / "a.docx", anchor, table(held + cell("next")))
    assert text == "Anchor\n\nBox 1\n\nBox 2\n\nAnchor Box 1 Box 2 | next\n\n"


def test_a_nested_table_follows_its_row(tmp_path: Path) -> None:
    inner = table(cell("a") + cell("b"), cell("c") + cell("d"))
    outer = f"<w:tc><w:p>{run('outer')}</w:p>{inner}<w:p/></w:tc>"
    text = written(tmp_path / "a.docx", table(outer + cell("next"), cell("last")))
    assert text == "outer | next\na | b\nc | d\nlast\n\n"


def test_a_shape_with_the_titles_id_is_kept(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    assert slide.shapes.title is not None
    slide.shapes.title.text = "Title"
    box: Any = slide.shapes.add_textbox(0, 0, 1, 1)
    box.text_frame.text = "Body"
    box._element.nvSpPr.cNvPr.set("id", str(slide.shapes.title.shape_id))
    deck.save(str(tmp_path / "a.pptx"))
    assert load(tmp_path / "a.pptx", IngestSettings()).text == "Title\n\nBody\n\n"


def test_notes_follow_what_refers_to_them(tmp_path: Path) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    document = docx.Document()
    notes = "".join(
        f'<w:footnote w:id="{n}"{kind}><w:p>{run(text)}</w:p></w:footnote>'
        for n, kind, text in [(-1, ' w:type="separator"', "line"), (2, "", "Since 2019.")]
    )
    part = Part(
        PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        f'<w:footnotes xmlns:w="{W}">{notes}</w:footnotes>'.encode(),
        document.part.package,
    )
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    for element in (f"<w:p>{run('Dogs sail.')}{reference}</w:p>", f"<w:p>{run('Cats too.')}</w:p>"):
        document.element.body.insert(-1, xml(element))
    document.save(str(tmp_path / "a.docx"))
    found = load(tmp_path / "a.docx", IngestSettings()).text
    assert found == "Dogs sail.\n\nSince 2019.\n\nCats too.\n\n"
