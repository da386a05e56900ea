"""XLM-R's SentencePiece tokenizer, rebuilt from the vocabulary in e5's weights file."""

from __future__ import annotations

from collections.abc import Sequence

from churon.tools.models.e5_weights import Vocabulary


class Tokenizer:
    """Texts to token ids. Thread-safe: nothing changes after construction."""

    def __init__(self, vocabulary: Vocabulary, max_tokens: int) -> None:
        """Ids are cut to `max_tokens`, <s> and </s> included."""
        from tokenizers import Regex, models, normalizers, pre_tokenizers
        from tokenizers import Tokenizer as Fast

        model = models.Unigram(vocabulary.pieces, unk_id=vocabulary.unknown, byte_fallback=False)
        self._fast = Fast(model)
        # NFKC joins what single characters cannot (decomposed Hangul); then one blank for many
        self._fast.normalizer = normalizers.Sequence(
            [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
        )
        self._fast.pre_tokenizer = pre_tokenizers.Metaspace()
        self._characters = vocabulary.characters
        self._room = max_tokens - 2
        self._bos, self._eos, self.pad = vocabulary.bos, vocabulary.eos, vocabulary.pad

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text between <s> and </s>."""
        clean = [text.translate(self._characters) for text in texts]
        encodings = self._fast.encode_batch_fast(clean)
        return [[self._bos, *encoding.ids[: self._room], self._eos] for encoding in encodings]
