"""Our scorers against FlagEmbedding, on tiny random models of the real architectures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from churon.tools.errors import ModelMissing, RerankError, SettingsError

pytest.importorskip("torch", reason="needs the extra `rerank`")
pytest.importorskip("FlagEmbedding", reason="needs the extra `rerank`")

from churon.tools.rerank.decoder import PROMPT, DecoderScorer
from churon.tools.rerank.encoder import EncoderScorer
from churon.tools.rerank.reference import ReferenceScorer

pytestmark = [
    # FlagEmbedding's own use of deprecated arguments is not ours to mend
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]

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


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # models this small only lose time to threads


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="module")
def decoder_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return save_decoder(tmp_path_factory.mktemp("decoder"))


@pytest.fixture(scope="module", params=["encoder", "decoder"])
def family(request: pytest.FixtureRequest) -> Iterator[tuple[Callable[..., Any], str]]:
    folder = request.getfixturevalue(f"{request.param}_folder")
    yield (EncoderScorer if request.param == "encoder" else DecoderScorer), folder


@pytest.fixture(scope="module")
def reference() -> Callable[[str, int], ReferenceScorer]:
    return lru_cache(
        lambda folder, length: ReferenceScorer(
            folder, device="cpu", batch_size=3, max_length=length
        )
    )


@pytest.mark.parametrize("max_length", [32, 512])
@pytest.mark.parametrize("query", [QUERY, QUERY * 20, KOREAN], ids=["short", "long", "korean"])
def test_scores_equal_flagembeddings(
    family: Any, reference: Any, max_length: int, query: str
) -> None:
    scorer, folder = family
    ours = scorer(folder, device="cpu", batch_size=3, max_length=max_length)
    theirs = reference(folder, max_length)
    # Without the empty text: the tokenizer call inside FlagEmbedding makes no pair of it
    texts = [text for text in TEXTS if text]
    expected = theirs.score(query, documents(texts))
    assert ours.score(query, documents(texts)) == pytest.approx(expected, abs=1e-4)
    assert max(expected) - min(expected) > 0.01  # the models do tell these passages apart


def test_scores_do_not_depend_on_batch_or_order(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu", batch_size=3)
    together = model.score(QUERY, documents(TEXTS))
    alone = [model.score(QUERY, documents([text]))[0] for text in TEXTS]
    backwards = model.score(QUERY, documents(TEXTS[::-1]))[::-1]
    assert together == pytest.approx(alone, abs=1e-5)
    assert together == pytest.approx(backwards, abs=1e-5)
    assert model.score(QUERY, []) == []
    assert 0 < model.probability(together[0]) < 1
    assert model.probability(-1e4) == 0


def test_the_decoders_prompt_is_never_cut(decoder_folder: str) -> None:
    scorer = DecoderScorer(decoder_folder, device="cpu", max_length=32)
    suffix = scorer._separator + scorer._prompt
    rows = scorer._encode("long query " * 500, ["long passage " * 20_000, ""])
    assert all(row[-len(suffix) :] == suffix for row in rows)
    assert max(map(len, rows)) <= 32 + 2 * len(suffix)


def test_a_very_long_passage_and_query_are_cut_not_refused(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    scores = model.score("질문 " * 5_000, documents(["가나다 🙂 " * 20_000, "short"]))
    assert len(scores) == 2


def test_threads_sharing_a_scorer_get_the_same_scores(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    expected = model.score(QUERY, documents(TEXTS))
    seen: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda: seen.append(model.score(QUERY, documents(TEXTS))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [pytest.approx(expected, abs=1e-6)] * 8


def test_half_precision_ranks_alike_and_float16_on_cpu_is_float32(encoder_folder: str) -> None:
    exact = EncoderScorer(encoder_folder, device="cpu").score(QUERY, documents(TEXTS))
    half = EncoderScorer(encoder_folder, device="cpu", dtype="bfloat16")
    assert half.score(QUERY, documents(TEXTS)) == pytest.approx(exact, abs=0.3)
    same = EncoderScorer(encoder_folder, device="cpu", dtype="float16")
    assert same.score(QUERY, documents(TEXTS)) == exact


def test_a_closed_scorer_says_so(family: Any) -> None:
    scorer, folder = family
    model = scorer(folder, device="cpu")
    model.close()
    with pytest.raises(RerankError, match="closed"):
        model.score(QUERY, documents(TEXTS))


@pytest.mark.parametrize("scorer", [EncoderScorer, DecoderScorer, ReferenceScorer])
def test_what_is_missing_is_named_with_its_remedy(scorer: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no/such-model.*hf download no/such-model"):
        scorer("no/such-model", device="cpu", offline=True)
    with pytest.raises(ModelMissing, match="cannot be loaded"):
        scorer(str(tmp_path), device="cpu")  # an empty folder
    with pytest.raises(SettingsError, match=r"rerank\.model"):
        scorer("", device="cpu")


def test_a_device_that_is_not_there_is_refused(encoder_folder: str) -> None:
    with pytest.raises(SettingsError, match="tpu"):
        EncoderScorer(encoder_folder, device="tpu")


def test_models_without_a_trained_ranking_head_are_refused(
    decoder_folder: str, encoder_folder: str, tmp_path: Path
) -> None:
    with pytest.raises(RerankError, match="3 labels"):
        EncoderScorer(save_encoder(tmp_path / "three", labels=3), device="cpu")
    with pytest.raises(RerankError, match="lacks weights"):
        EncoderScorer(decoder_folder, device="cpu")  # its classifier would be random
    with pytest.raises(RerankError, match="no single token for 'Yes'"):
        DecoderScorer(save_decoder(tmp_path / "no_yes", corpus_has_yes=False), device="cpu")
