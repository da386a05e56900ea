"""Tiny rerankers of real architectures with random weights, and texts to rank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from churon.tools.rerank.prompted import PROMPT

QUERY = "who wrote the long report about the bridge over the river"
KOREAN = "서울은 대한민국의 수도이며 한강이 흐른다"
TEXTS = [
    "the report about the bridge",
    "",
    "a river runs through the town 🙂 and the bridge is old " * 40,
    KOREAN,
    f"mixed {KOREAN} text 🙂 with words",
    "bridge",
    "the bridge over the river was described in a long report " * 3,
]


def documents(texts: list[str]) -> list[Document]:
    return [Document(text) for text in texts]


def train(trainer_kind: str, tokenizer: Any, special: list[str]) -> Any:
    from tokenizers import trainers

    corpus = [*TEXTS, QUERY, PROMPT, "Yes No Yes No A: B: \n"] * 20
    kind = getattr(trainers, trainer_kind)
    options = {"unk_token": "<unk>"} if trainer_kind == "UnigramTrainer" else {}
    tokenizer.train_from_iterator(
        corpus, kind(vocab_size=400, special_tokens=special, show_progress=False, **options)
    )
    return tokenizer


def save_encoder(folder: Path, labels: int = 1) -> str:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import (
        PreTrainedTokenizerFast,
        XLMRobertaConfig,
        XLMRobertaForSequenceClassification,
    )

    raw = Tokenizer(models.Unigram())
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    raw.decoder = decoders.Metaspace()
    train("UnigramTrainer", raw, ["<s>", "<pad>", "</s>", "<unk>"])
    raw.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        sep_token="</s>",
        model_max_length=8192,
    )
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=600,
        type_vocab_size=1,
        num_labels=labels,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        initializer_range=0.3,
    )
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


def save_other(folder: Path, kind: str) -> str:
    """A classifier of another family with BERT's layout of pairs, segments and pooler included."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    raw = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    train("WordPieceTrainer", raw, special)
    raw.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, special.index(token)) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=512,
    )  # fmt: skip
    segments = ["token_type_ids"] if kind in ("Bert", "Electra") else []
    tokenizer.model_input_names = ["input_ids", "attention_mask", *segments]
    tokenizer.save_pretrained(folder)
    torch.manual_seed(3)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=600, num_labels=1, pad_token_id=0,
        initializer_range=0.3,
    )  # fmt: skip
    getattr(transformers, f"{kind}ForSequenceClassification")(config).save_pretrained(folder)
    return str(folder)


def plain_score(folder: str, query: str, text: str) -> float:
    """What transformers makes of one pair, without any of our code."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    network = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        return float(network(**tokenizer(query, text, return_tensors="pt")).logits[0, 0])


def save_decoder(folder: Path, corpus_has_yes: bool = True) -> str:
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import GemmaConfig, GemmaForCausalLM, PreTrainedTokenizerFast

    special = ["<pad>", "<eos>", "<bos>", "<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    raw = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True))
    raw.normalizer = normalizers.Replace(" ", "▁")
    raw.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    raw.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    if corpus_has_yes:
        train("BpeTrainer", raw, special)
    else:
        from tokenizers import trainers

        raw.train_from_iterator(["no such word"], trainers.BpeTrainer(special_tokens=special))
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=8192,
        padding_side="left",
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(2)
    config = GemmaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=16,
        intermediate_size=64,
        max_position_embeddings=1024,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        initializer_range=0.3,
    )
    GemmaForCausalLM(config).save_pretrained(folder)
    return str(folder)
