"""A small deterministic embedding model: hashed words and character trigrams, no download."""

from __future__ import annotations

import hashlib
import re

from langchain_core.embeddings import Embeddings


class HashingEmbeddings(Embeddings):
    """Bag of hashed words and trigrams with signs; texts that share words lie close together."""

    def __init__(self, dimensions: int = 64) -> None:
        self.dimensions = dimensions

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector per text."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a text; not normalised, on purpose."""
        vector = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.lower()):
            for feature in (word, *(word[i : i + 3] for i in range(max(len(word) - 2, 1)))):
                digest = hashlib.blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8)
                value = int.from_bytes(digest.digest())
                vector[value % self.dimensions] += 1.0 if value & (1 << 40) else -1.0
        return vector
