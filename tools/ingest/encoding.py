"""Bytes of a text file to text: BOM, UTF-8, then what the bytes look like in Korean and others.

Short Korean and Japanese files defeat statistical detectors, so the double-byte encodings are
tried first and judged by the script they yield; charset-normalizer decides the rest. A damaged byte
does not change what the others are: an encoding that reads all but a few of them is accepted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import lru_cache

from churon.tools.errors import IngestError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 200_000
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]")
_DAMAGE = re.compile(r"\ufffd+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_JAPANESE = re.compile(r"[\u3001\u3002\u3040-\u30ff\u4e00-\u9fff]")
_PLAIN = re.compile(r"[\t\r\n\x20-\x7e\uac00-\ud7a3\u3131-\u318e\u3000-\u30ff\u2010-\u2030]")


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`, with U+FFFD for damaged bytes and without NULs; `declared` is what an
    HTML page says of itself.

    Raises IngestError when the bytes are no text.
    """
    text = data.decode(detect(data, declared), errors="replace")
    if len(_CONTROL.findall(text[:_SAMPLE])) > max(3, 0.02 * min(len(text), _SAMPLE)):
        raise _binary()
    return text.replace("\0", "")


def detect(data: bytes, declared: str | None = None) -> str:
    """Name of the codec that reads the bytes. Raises IngestError when none does."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    sample = data[:_SAMPLE]
    zeros = sample.count(0)
    if zeros > 0.01 * len(sample):
        if wide := _utf16(sample):
            return wide
        if zeros > 1:  # a single one is damage
            raise _binary()
    if _decoded(data, "utf-8") is not None or _nearly(data, "utf-8", 10) is not None:
        return "utf-8"
    names = _declared(declared)
    return (
        next((name for name in names if _decoded(data, name) is not None), None)
        or _double_byte(data, _decoded)
        or next((name for name in ("utf-8", *names) if _nearly(data, name) is not None), None)
        or _double_byte(data, _nearly)
        or _guess(sample)
    )


def _declared(name: str | None) -> list[str]:
    if not name:
        return []
    if name.lower() in ("euc-kr", "ks_c_5601-1987", "ksc5601"):
        return ["cp949"]  # browsers read these names as the superset too
    try:
        return [codecs.lookup(name).name]
    except LookupError:
        return []


def _decoded(data: bytes, name: str) -> str | None:
    try:
        return data.decode(name)
    except (UnicodeError, LookupError):
        return None


def _nearly(data: bytes, name: str, good: int = 1) -> str | None:
    """The text if it is damaged in few places, and reads `good` foreign characters for each."""
    try:
        text = data.decode(name, errors="replace")
    except (UnicodeError, LookupError):
        return None
    foreign = len(text) - len(text.encode("ascii", errors="ignore"))
    bad, places = text.count("\ufffd"), len(_DAMAGE.findall(text))
    few = places <= max(1, 0.01 * foreign) and foreign - bad >= good * places
    return text if few else None


def _utf16(sample: bytes) -> str | None:
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, errors="replace")
        if len(_PLAIN.findall(text)) >= 0.9 * len(text):
            return name
    return None


def _double_byte(data: bytes, read: Callable[[bytes, str], str | None]) -> str | None:
    scores = {"cp949": _korean(read(data, "cp949")), "cp932": _japanese(read(data, "cp932"))}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= 0.6 else None


def _korean(text: str | None) -> float:
    foreign = _foreign(text)
    return sum(map(_common_hangul().__contains__, foreign)) / len(foreign) if foreign else 0.0


@lru_cache(maxsize=1)
def _common_hangul() -> frozenset[str]:
    """KS X 1001's 2,350 syllables; Japanese bytes read as CP949 give mostly the other ones."""
    trails = range(0xA1, 0xFF)
    return frozenset(bytes((a, b)).decode("euc_kr") for a in range(0xB0, 0xC9) for b in trails)


def _japanese(text: str | None) -> float:
    foreign = _foreign(text)
    if not foreign or not _KANA.search(foreign):
        return 0.0
    return len(_JAPANESE.findall(foreign)) / len(foreign)


def _foreign(text: str | None) -> str:
    return "" if text is None else re.sub(r"[\x00-\x7f]", "", text[:_SAMPLE])


def _guess(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample.replace(b"\0", b"")).best()
    if best is None:
        raise _binary()
    # Single-byte code pages are told apart by luck; the Western one is the likeliest by far
    return (
        "cp1252"
        if best.encoding.startswith(("cp12", "cp10", "cp8", "cp4", "latin", "iso8859", "mac"))
        else best.encoding
    )


def _binary() -> IngestError:
    return IngestError(
        "The file's bytes are no text in any known encoding.",
        remedy="Check that its name ends as its content demands.",
    )
