"""Rerankers of real architectures with random weights, and texts of a wanted length in tokens.

Speed needs no trained weights; `--model` takes real ones. Texts are slices of Python's own manual,
so nothing is downloaded.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoTokenizer,
    GemmaConfig,
    GemmaForCausalLM,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
)

from churon.tools.rerank.prompted import PROMPT

SIZES = {
    "toy": (3, 256, 8, 1_024),
    "small": (6, 384, 12, 1_536),
    "large": (24, 1_024, 16, 4_096),
}
"""Layers, width, heads, inner width; "large" is the shape of bge-reranker-v2-m3."""
LENGTHS = {
    "lognormal": lambda r: max(20, min(480, int(r.lognormvariate(5.08, 0.6)))),
    "uniform": lambda r: r.randint(20, 500),
    "equal": lambda r: r.randint(240, 272),
    "4,000": lambda r: 4_000,
}
"""Tokens of a passage; the lognormal's median is 160."""


def manual() -> str:
    """Python's manual as one text, without rules and tables."""
    text = re.sub(r"[-=_*#~^+|]{3,}", " ", " ".join(topics[key] for key in sorted(topics)))
    return re.sub(r"\s+", " ", text)


def encoder(folder: Path, size: str) -> str:
    """An XLM-R sequence classifier, saved in the folder."""
    path = folder / size / "bge-reranker-v2-m3"  # pymilvus tells the architecture by this name
    if (path / "config.json").exists():
        return str(path)
    tokenizer = _unigram()
    tokenizer.save_pretrained(path)
    layers, width, heads, inner = SIZES[size]
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=width, num_hidden_layers=layers,
        num_attention_heads=heads, intermediate_size=inner, max_position_embeddings=8_194,
        type_vocab_size=1, num_labels=1, pad_token_id=1, bos_token_id=0, eos_token_id=2,
        initializer_range=0.05,
    )  # fmt: skip
    XLMRobertaForSequenceClassification(config).save_pretrained(path)
    return str(path)


def decoder(folder: Path, layers: int = 6) -> str:
    """A Gemma language model, saved in the folder."""
    path = folder / f"decoder-{layers}"
    if (path / "config.json").exists():
        return str(path)
    tokenizer = _bpe()
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = GemmaConfig(
        # More than the tokenizer has: the output layer, which only FlagEmbedding computes, keeps
        # its share of bge-reranker-v2-gemma, 0.265 of the layers' multiply-adds
        vocab_size=3_600 * layers, hidden_size=512, num_hidden_layers=layers, num_attention_heads=4,
        num_key_value_heads=1, head_dim=128, intermediate_size=4_096,
        max_position_embeddings=8_192, pad_token_id=0, eos_token_id=1, bos_token_id=2,
        initializer_range=0.03,
    )  # fmt: skip
    GemmaForCausalLM(config).save_pretrained(path)
    return str(path)


GEMMA_2B_WORK = 2 * 18 * 2_048 * (2 * 2_048 + 2 * 256 + 3 * 16_384)
"""Operations a token in the products of its layers."""


def gemma_2b(folder: Path) -> str:
    """A model in the shape of bge-reranker-v2-gemma, made on the GPU, saved in the folder."""
    path = folder / "gemma-2b"
    if (path / "config.json").exists():
        return str(path)
    _bpe().save_pretrained(path)
    torch.manual_seed(0)
    config = GemmaConfig(
        vocab_size=256_000, hidden_size=2_048, num_hidden_layers=18, num_attention_heads=8,
        num_key_value_heads=1, head_dim=256, intermediate_size=16_384, dtype="bfloat16",
        max_position_embeddings=8_192, pad_token_id=0, eos_token_id=1, bos_token_id=2,
    )  # fmt: skip
    with torch.device("cuda"):
        network = GemmaForCausalLM(config).to(torch.bfloat16)
    network.save_pretrained(path)
    return str(path)


class Texts:
    """Fresh queries and passages, seeded."""

    def __init__(self, model: str, seed: int) -> None:
        self._tokenizer: Any = AutoTokenizer.from_pretrained(model)
        self._text = manual()
        self._random = random.Random(seed)

    def of_length(self, tokens: int) -> str:
        """A slice of about so many tokens."""
        while True:
            start = self._random.randrange(0, len(self._text) - 12 * tokens - 200)
            piece = self._text[start : start + 12 * tokens + 100].partition(" ")[2]
            told = self._tokenizer(piece, add_special_tokens=False, return_offsets_mapping=True)
            if len(told["input_ids"]) >= tokens:
                return piece[: told["offset_mapping"][tokens - 1][1]].strip()

    def call(self, passages: int, lengths: str, query: int | None = None) -> tuple[str, list[str]]:
        """A query of `query` tokens (8 to 30 by default) and passages."""
        length = query or self._random.randint(8, 30)
        draw = LENGTHS[lengths]
        return self.of_length(length), [self.of_length(draw(self._random)) for _ in range(passages)]


def _chunks() -> Iterator[str]:
    text = manual()
    yield from (text[at : at + 2_000] for at in range(0, len(text), 2_000))
    yield from [f"A: \nB: Yes No {PROMPT}"] * 50


def _unigram() -> PreTrainedTokenizerFast:
    raw = Tokenizer(models.Unigram())
    raw.normalizer = normalizers.NFKC()
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    raw.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=8_000, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    raw.train_from_iterator(_chunks(), trainer)
    raw.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return _fast(raw, bos="<s>", eos="</s>", cls_token="<s>", sep_token="</s>")


def _bpe() -> PreTrainedTokenizerFast:
    raw = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    raw.normalizer = normalizers.Replace(" ", "▁")
    raw.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    raw.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    special = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=8_000, special_tokens=special, show_progress=False)
    raw.train_from_iterator(_chunks(), trainer)
    return _fast(raw, bos="<bos>", eos="<eos>", padding_side="left")


def _fast(raw: Tokenizer, bos: str, eos: str, **rest: str) -> PreTrainedTokenizerFast:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token=bos, eos_token=eos, pad_token="<pad>", unk_token="<unk>",
        model_max_length=8_192, **rest,
    )  # fmt: skip
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer
