"""A tiny cross-encoder that was trained, on the canaries: it passes them, within seconds."""

from __future__ import annotations

from pathlib import Path

from churon.tools.rerank.canaries import calibration_pairs


def save_trained_encoder(folder: Path) -> str:
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    pairs = [
        (query, passage, float(place == 0))
        for query, passages in calibration_pairs()
        for place, passage in enumerate(passages[:4])
    ]
    tokenizer = _tokenizer([text for query, passage, _ in pairs for text in (query, passage)])
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=600, type_vocab_size=1, num_labels=1,
        pad_token_id=1, bos_token_id=0, eos_token_id=2,
        hidden_dropout_prob=0, attention_probs_dropout_prob=0, classifier_dropout=0,
    )  # fmt: skip
    network = XLMRobertaForSequenceClassification(config)
    queries, passages, labels = zip(*pairs, strict=True)
    inputs = tokenizer(list(queries), list(passages), padding=True, return_tensors="pt")
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(60):
        logits = network(**inputs).logits[:, 0]
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    tokenizer.save_pretrained(folder)
    network.eval().save_pretrained(folder)
    return str(folder)


def _tokenizer(texts: list[str]):  # type: ignore[no-untyped-def]
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE(unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(vocab_size=1_500, special_tokens=special, show_progress=False)
    raw.train_from_iterator(texts, trainer)
    raw.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        unk_token="<unk>", cls_token="<s>", sep_token="</s>", model_max_length=512,
    )  # fmt: skip
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    return tokenizer
