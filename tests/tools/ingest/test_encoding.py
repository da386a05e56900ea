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


@pytest.mark.parametrize("codec", ["utf-8", "cp949"])
@pytest.mark.parametrize("place", [0, 300, 301])
def test_a_bad_byte_costs_a_few_characters(codec: str, place: int) -> None:
    data = (f"{KOREAN}\n" * 20).encode(codec)
    text = decode(data[:place] + b"\xff" + data[place:])
    assert 1 <= text.count("\ufffd") <= 3 and text.count(KOREAN) >= 18


@pytest.mark.parametrize("codec", ["utf-8", "cp949", "cp932"])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_file_cut_off_is_read_up_to_there(codec: str, cut: int) -> None:
    line = "さいたま市の佐藤さん" if codec == "cp932" else KOREAN
    data = f"{line}\n{line}다니".encode(codec, errors="ignore")
    assert decode(data[:-cut]).startswith(f"{line}\n{line[:-2]}")


@pytest.mark.parametrize("declared", ["iso-8859-1", "punycode", None])
def test_a_bad_byte_makes_no_other_language_of_utf8(declared: str | None) -> None:
    for words in ("A log — with dashes. ", "あれはあれでありました。"):
        data = words.encode() * 10
        assert decode(data + b"\xe9 end", declared) == words * 10 + "\ufffd end"
    assert decode("Plain, but — \udce9 here.".encode(errors="surrogateescape")) == (
        "Plain, but — \ufffd here."
    )


@pytest.mark.parametrize(
    ("text", "codec"),
    [("Café au lait", "cp1252"), ("활약에", "cp949"), ("철회하면서", "cp949"), ("へ番ナ", "cp932")],
)
def test_short_texts_are_not_taken_for_damaged_utf8(text: str, codec: str) -> None:
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize("codec", ["ascii", "utf-8", "cp949"])
def test_a_stray_nul_is_dropped(codec: str) -> None:
    line = "Plain ASCII text. " if codec == "ascii" else KOREAN
    data = (line * 10).encode(codec)
    assert decode(data + b"\0" + data) == line * 20
