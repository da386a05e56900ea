from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import pytest

from churon.tools.errors import IngestError
from churon.tools.ingest.load import load
from churon.tools.ingest.sniff import sniff
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings()


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("about.md", "# PDF\n\nA file begins with `%PDF-1.7`.", "markdown"),
        ("about.csv", "mark,name\n%PDF-1.7,PDF\n", "csv"),
        ("misnamed.txt", "\n%PDF-1.7\n", "pdf"),
        ("late.pdf", "some bytes %PDF-1.7\n", "pdf"),
    ],
)
def test_a_text_about_pdf_is_a_text(tmp_path: Path, name: str, text: str, kind: str) -> None:
    (tmp_path / name).write_text(text)
    assert sniff(tmp_path / name, SETTINGS) == kind


def test_the_main_part_of_a_package_may_have_any_name(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("The ferry leaves at nine.")
    document.save(str(tmp_path / "a.docx"))
    with (
        zipfile.ZipFile(tmp_path / "a.docx") as source,
        zipfile.ZipFile(tmp_path / "b.docx", "w") as target,
    ):
        for name in source.namelist():
            renamed = name.replace("document.xml", "document2.xml")
            data = source.read(name).replace(b"word/document.xml", b"word/document2.xml")
            target.writestr(renamed, data)
    assert load(tmp_path / "b.docx", SETTINGS).text == "The ferry leaves at nine.\n\n"


def test_an_archive_with_a_folder_word_is_no_document(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("word/list.txt", "one two")
    with pytest.raises(IngestError, match="Archives are not read"):
        sniff(tmp_path / "a.zip", SETTINGS)
