"""multilingual-e5-small on the CPU: text vectors, and token vectors for late interaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings

from churon.tools.errors import ModelError, ModelMissing
from churon.tools.models.e5_onnx import VERSION, build
from churon.tools.models.e5_tokenizer import Tokenizer
from churon.tools.models.e5_weights import Floats, Weights
from churon.tools.models.vectors import unit
from churon.tools.setting_values import at_home
from churon.tools.whole import write_whole

WEIGHTS_FILE = "e5-small-q4.bin"
DIMENSIONS = 384
MAX_TOKENS = 512
"""Longer texts are cut here (the model's positions)."""


class E5Embeddings(Embeddings):
    """LangChain embeddings over ONNX Runtime, int8. Thread-safe and deterministic.

    A text's vector depends on its batch by rounding only (cosine to the lone text >= 0.999).
    Calls block; the async methods run them in a thread.
    """

    def __init__(
        self,
        folder: Path,
        *,
        threads: int = 0,
        batch: int = 32,
        query_prefix: str = "query: ",
        document_prefix: str = "passage: ",
    ) -> None:
        """Open the model in `folder`, converting its weights on first use (a few seconds).

        `threads` = 0 takes all cores. Raises ModelMissing, ModelError.
        """
        weights_path = at_home(folder) / WEIGHTS_FILE
        if not weights_path.is_file():
            raise ModelMissing(
                f"The embedding model is not at {str(weights_path)!r}.",
                remedy="Fetch it: churon models pull multilingual-e5-small.",
            )
        _check_packages()
        weights = Weights(weights_path)
        self._session = _open_session(_converted(weights_path, weights), threads)
        self._tokenizer = Tokenizer(weights.vocabulary, MAX_TOKENS)
        self._batch = batch
        self.query_prefix = query_prefix
        self.document_prefix = document_prefix

    def embed_query(self, text: str) -> list[float]:
        """The question's vector: 384 numbers of length 1."""
        return self.embed_queries([text])[0]

    def embed_queries(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a question, in order, in one pass."""
        return _rows(self._pooled([self.query_prefix + text for text in texts]))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a passage, in order."""
        return _rows(self._pooled([self.document_prefix + text for text in texts]))

    def token_vectors(self, texts: Sequence[str], prefix: str) -> list[Floats]:
        """One (tokens, 384) array a text, rows of length 1.

        Row 0 is <s>, the last row </s>, and the prefix's tokens are rows too.
        """
        return self.embed_with_tokens(texts, prefix)[1]

    def embed_with_tokens(self, texts: Sequence[str], prefix: str) -> tuple[Floats, list[Floats]]:
        """Text vectors (texts, 384) and token vectors as `token_vectors`, in one pass."""
        pooled = np.empty((len(texts), DIMENSIONS), np.float32)
        tokens: list[Floats] = [pooled] * len(texts)
        for index, hidden in self._encode([prefix + text for text in texts]):
            pooled[index] = hidden.mean(axis=0)
            tokens[index] = unit(hidden)
        return unit(pooled), tokens

    def _pooled(self, texts: Sequence[str]) -> Floats:
        pooled = np.empty((len(texts), DIMENSIONS), np.float32)
        for index, hidden in self._encode(texts):
            pooled[index] = hidden.mean(axis=0)
        return unit(pooled)

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[int, Floats]]:
        """(index of the text, its hidden states (tokens, 384)), shortest texts first."""
        encoded = self._tokenizer.encode(texts)
        order = sorted(range(len(texts)), key=lambda index: len(encoded[index]))
        for start in range(0, len(order), self._batch):
            chosen = order[start : start + self._batch]
            hidden = self._forward([encoded[index] for index in chosen])
            for row, index in enumerate(chosen):
                yield index, hidden[row, : len(encoded[index])]

    def _forward(self, encoded: Sequence[Sequence[int]]) -> Floats:
        ids = np.full((len(encoded), max(map(len, encoded))), self._tokenizer.pad, np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(encoded):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        hidden: Floats = self._session.run(["hidden"], {"ids": ids, "mask": mask})[0]
        return hidden


def _rows(vectors: Floats) -> list[list[float]]:
    rows: list[list[float]] = vectors.tolist()
    return rows


def _converted(source: Path, weights: Weights) -> Path:
    """The ONNX model beside the weights; built once for this source and this graph version."""
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target = source.with_name(f"{source.stem}.v{VERSION}-{digest[:12]}.onnx")
    if not target.is_file():
        _keep(target, build(weights))
    return target


def _keep(target: Path, content: bytes) -> None:
    """Raises ModelError when the disk is full or the folder is read-only."""
    try:
        write_whole(target, content)
    except OSError as error:
        raise ModelError(
            f"The converted model cannot be written to {str(target)!r}: {error}.",
            remedy=f"Free {len(content) / 1e6:.0f} MB there or set models.folder.",
        ) from error


def _check_packages() -> None:
    for name in ("onnxruntime", "onnx", "tokenizers"):
        if find_spec(name) is None:
            raise ModelMissing(
                f"The embedding model needs the package {name}.",
                remedy="Install it with: pip install 'churon[embedded]'.",
            )


def _open_session(path: Path, threads: int) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    # Idle workers must not burn the cores that the language model needs next
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    # onnxruntime raises classes of its own, without a common public base
    except Exception as error:
        raise ModelError(
            f"The converted model {str(path)!r} cannot be loaded: {error}.",
            remedy="Delete that file; it is built anew.",
        ) from error
