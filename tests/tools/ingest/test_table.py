from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from churon.tools.errors import IngestError
from churon.tools.ingest.load import load
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings()


def text(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load(path, SETTINGS).text


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("twice.csv", "name,value,value\nA,1,2\n", "name: A\nvalue: 1\nvalue: 2\n\n"),
        ("unnamed.csv", "name,,\nA,first,second\n", "name: A\nfirst\nsecond\n\n"),
        ("longer.csv", "name\nA,x,y\n", "name: A\nx\ny\n\n"),
        ("shorter.csv", "a,b\n1\n\n,\n,2\n", "a: 1\n\nb: 2\n\n"),
        ("blank_first.csv", "\nname;value\nA;1\n", "name: A\nvalue: 1\n\n"),
        ("commas.csv", "first, name;last, name\nA;B\n", "first, name: A\nlast, name: B\n\n"),
        ("decimals.csv", "name;won\nA;1,5\nB;2,5\n", "name: A\nwon: 1,5\n\nname: B\nwon: 2,5\n\n"),
        ("commas.tsv", "a, b, c\td\nA,B,C\t3\n", "a, b, c: A,B,C\nd: 3\n\n"),
        ("quoted.csv", 'name,text\nA,"one, two\nthree"\n', "name: A\ntext: one, two\nthree\n\n"),
        ("header.csv", "name,,value\n", "name | value\n\n"),
    ],
)
def test_no_cell_of_a_table_is_lost(tmp_path: Path, name: str, content: str, expected: str) -> None:
    assert text(tmp_path / name, content) == expected


def test_a_damaged_table_is_read_in_its_encoding(tmp_path: Path) -> None:
    line = "소리도 여객선은 하루 네 번 다닙니다."
    data = f"이름,글\n가,{line}\n".encode("cp949") + b"\xff,\0end\n"
    expected = f"이름: 가\n글: {line}\n\n이름: \ufffd\n글: end\n\n"
    assert text(tmp_path / "a.csv", data) == expected


def test_sheets_with_rows_are_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["name", "won", "won"])
    book.worksheets[0].append(["a", 0, 0.25])
    book.create_sheet("Empty")
    book.create_sheet("Header").append(["only", None, "names"])
    book.save(tmp_path / "a.xlsx")
    document = load(tmp_path / "a.xlsx", SETTINGS)
    assert document.text == "Sheet\n\nname: a\nwon: 0\nwon: 0.25\n\nHeader\n\nonly | names\n\n"
    assert [heading.text for heading in document.headings] == ["Sheet", "Header"]


def test_a_table_of_blank_lines_has_no_text(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match="no text") as caught:
        text(tmp_path / "blank.csv", "\n \n\n")
    assert caught.value.outcome == "skipped"
