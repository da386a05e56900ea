from __future__ import annotations

import pytest

from churon.tools.errors import IngestError
from churon.tools.ingest.encoding import decode

KOREAN = "소리도 여객선은 하루 네 번 다닙니다. 요금은 9,800원입니다."


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp949", "euc-kr"]
)
def test_korean_is_read_in_every_encoding(codec: str) -> None:
    assert decode(KOREAN.encode(codec)).lstrip("\ufeff") == KOREAN


def test_cp949_beyond_euc_kr() -> None:
    assert decode("똠방각하와 펲시콜라".encode("cp949")) == "똠방각하와 펲시콜라"


@pytest.mark.parametrize("declared", ["utf-8", "euc-kr", "no-such-charset", None])
def test_a_false_declaration_does_no_harm(declared: str | None) -> None:
    assert decode(KOREAN.encode("cp949"), declared) == KOREAN


def test_japanese_and_western() -> None:
    assert (
        decode("名前,住所\n佐藤,さいたま市カワ".encode("cp932")) == "名前,住所\n佐藤,さいたま市カワ"
    )
    assert decode("“Café” costs 3 €".encode("cp1252")) == "“Café” costs 3 €"


@pytest.mark.parametrize("data", [bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n" + bytes(600)])
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(IngestError, match="no text"):
        decode(data)
