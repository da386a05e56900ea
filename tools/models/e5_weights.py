"""multilingual-e5-small as one file: tokenizer and 4-bit weights (`e5-small-q4.bin`).

Layout, little-endian: magic "E5S1", version, model shape, vocabulary with its unigram scores,
a map of code points to normalised text, a directory of tensors, then the tensors. Weights are
blocks of 32 4-bit numbers with one float16 scale each (ggml's Q4_0), everything else is float32.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from churon.tools.errors import ModelError

Floats = npt.NDArray[np.float32]

_MAGIC = b"E5S1\x01\x00\x00\x00"
BLOCK = 32
"""Numbers that share a scale."""
_BLOCK_BYTES = 18


@dataclass(frozen=True)
class Shape:
    """Sizes of the encoder."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """SentencePiece unigram vocabulary: pieces with log-probabilities, ids of special pieces."""

    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unknown: int
    characters: dict[int, str]
    """Code point -> its normalised text; SentencePiece's nmt_nfkc rules for single characters."""


class Weights:
    """The opened file; tensors are read when they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ModelError when the file is cut or of another kind."""
        with path.open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self.shape, self.vocabulary, self._tensors = _read_head(self._data)
        except (struct.error, UnicodeDecodeError, ValueError) as error:
            raise ModelError(
                f"{str(path)!r} is not a readable e5 weights file: {error}.",
                remedy="Fetch it again: churon models pull multilingual-e5-small.",
            ) from error

    def row(self, name: str) -> Floats:
        """A float32 tensor, flat."""
        offset, count = self._tensors[name]
        return np.frombuffer(self._data, "<f4", count, offset)

    def quantised(self, name: str, columns: int) -> tuple[npt.NDArray[np.int8], Floats]:
        """A 4-bit tensor as integers in [-8, 7], (rows, columns), and scales (rows, columns/32)."""
        offset, count = self._tensors[name]
        raw = np.frombuffer(self._data, np.uint8, count // BLOCK * _BLOCK_BYTES, offset)
        blocks = raw.reshape(-1, _BLOCK_BYTES)
        scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
        # A block's low halves are its first 16 numbers, the high halves its last 16
        nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
        integers = nibbles.astype(np.int8) - np.int8(8)
        return integers.reshape(-1, columns), scales.reshape(-1, columns // BLOCK)

    def matrix(self, name: str, columns: int) -> Floats:
        """A 4-bit tensor as float32 (rows, columns) = (outputs, inputs)."""
        integers, scales = self.quantised(name, columns)
        values: Floats = integers.astype(np.float32) * np.repeat(scales, BLOCK, axis=1)
        return values


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def raw(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise ValueError("the file is cut short")
        self.at += count
        return self.data[self.at - count : self.at]


def _read_head(data: mmap.mmap) -> tuple[Shape, Vocabulary, dict[str, tuple[int, int]]]:
    cursor = _Cursor(data)
    if cursor.raw(len(_MAGIC)) != _MAGIC:
        raise ValueError("it does not begin with the magic bytes")
    shape = Shape(*cursor.take("7if"))
    (block,) = cursor.take("i")
    if block != BLOCK:
        raise ValueError(f"blocks of {block} numbers instead of {BLOCK}")
    vocabulary = _read_vocabulary(cursor)
    tensors = {}
    for _ in range(cursor.take("i")[0]):
        name = cursor.raw(cursor.take("H")[0]).decode()
        _, numbers, offset, size = cursor.take("BIQQ")
        if offset + size > len(data):
            raise ValueError(f"the file is cut short before the end of {name}")
        tensors[name] = (offset, numbers)
    return shape, vocabulary, tensors


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, bos, eos, pad, unknown = cursor.take("5i")
    (blob_bytes,) = cursor.take("Q")
    bounds = np.frombuffer(cursor.raw(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.raw(4 * count), "<f4").tolist()
    blob = cursor.raw(blob_bytes)
    texts = [blob[bounds[i] : bounds[i + 1]].decode("utf-8", "replace") for i in range(count)]
    entries, _ = cursor.take("iI")
    characters = {}
    for _ in range(entries):
        point, length = cursor.take("IB")
        characters[point] = cursor.raw(4 * length).decode("utf-32-le")
    return Vocabulary(list(zip(texts, scores, strict=True)), bos, eos, pad, unknown, characters)
