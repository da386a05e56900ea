from __future__ import annotations

import builtins
import io
import struct
import zipfile
from pathlib import Path

import olefile
import pytest

from churon.tools.errors import IngestError
from churon.tools.ingest.load import load
from churon.tools.settings import IngestSettings

SETTINGS = IngestSettings()
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


def test_hwpx(tmp_path: Path) -> None:
    paragraph = "<hp:p><hp:run><hp:t>{}</hp:t></hp:run></hp:p>"
    body = "".join(map(paragraph.format, ("한글 문서", "둘째<hp:tab/>문단")))
    xml = f'<hs:sec xmlns:hs="urn:s" xmlns:hp="urn:p">{body}</hs:sec>'
    with zipfile.ZipFile(tmp_path / "a.hwpx", "w") as archive:
        archive.writestr("Contents/content.hpf", "<package/>")
        archive.writestr("Contents/section10.xml", xml.replace("한글 문서", "열째 절"))
        archive.writestr("Contents/section2.xml", xml)
    text = load(tmp_path / "a.hwpx", SETTINGS).text
    assert text == "한글 문서\n둘째\t문단\n열째 절\n둘째\t문단\n"


def test_hwp_without_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.hwp").write_bytes(OLE)
    real = builtins.__import__

    def absent(name: str, *args: object) -> object:
        if name == "olefile":
            raise ImportError(name)
        return real(name, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(IngestError, match=r"pip install 'churon\[hwp\]'"):
        load(tmp_path / "a.hwp", SETTINGS)


def test_hwpx_signs_part_words(tmp_path: Path) -> None:
    text = (
        "성명<hp:tab/>홍길동<hp:lineBreak/>주소<hp:fwSpace/>서울<hp:nbSpace/>종로<!-- x -->구"
        "<hp:markpenBegin><hp:hyphen/>1</hp:markpenBegin>가"
    )
    xml = f'<s xmlns:hp="urn:p"><hp:p><hp:run><hp:t>{text}</hp:t></hp:run></hp:p></s>'
    with zipfile.ZipFile(tmp_path / "a.hwpx", "w") as archive:
        archive.writestr("Contents/content.hpf", "<package/>")
        archive.writestr("Contents/section0.xml", xml)
    assert load(tmp_path / "a.hwpx", SETTINGS).text == "성명\t홍길동\n주소 서울 종로구-1가\n"


class Ole:
    """The container of a document with one paragraph, uncompressed; olefile writes none."""

    def __init__(self, _: str) -> None:
        text = "제1조\x1e목적\x1f이 법\x18조항".encode("utf-16-le")
        section = struct.pack("<I", 67 | len(text) << 20) + text
        self.streams = {"FileHeader": bytes(40), "BodyText/Section0": section}

    def __enter__(self) -> Ole:
        return self

    def __exit__(self, *_: object) -> None: ...

    def exists(self, name: str) -> bool:
        return name in self.streams

    def openstream(self, name: str) -> io.BytesIO:
        return io.BytesIO(self.streams[name])


def test_hwp_signs_part_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.hwp").write_bytes(OLE)
    monkeypatch.setattr(olefile, "OleFileIO", Ole)
    assert load(tmp_path / "a.hwp", SETTINGS).text == "제1조 목적 이 법-조항\n"
