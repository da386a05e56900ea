"""Decoders of several families against plain transformers, unpadded and padded."""

from __future__ import annotations

import random
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rerankers import KOREAN, QUERY, TEXTS, documents, save_decoder

if not all(find_spec(name) for name in ("torch", "transformers")):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

from transformers import AutoTokenizer

from churon.tools.errors import SettingsError
from churon.tools.rerank import forest
from churon.tools.rerank.decoder import DecoderScorer
from churon.tools.rerank.forest import planted
from churon.tools.rerank.prompted import Prompted, PromptEncoder

FAMILIES = ["Gemma", "Llama", "Mistral", "Qwen2", "Gemma2", "Qwen3"]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    import torch

    torch.set_num_threads(1)


def save_family(folder: Path, family: str, **options: Any) -> str:
    import torch
    import transformers

    save_decoder(folder)  # for its tokenizer
    size = len(transformers.AutoTokenizer.from_pretrained(folder))
    torch.manual_seed(5)
    config = getattr(transformers, f"{family}Config")(
        vocab_size=size, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, intermediate_size=64, max_position_embeddings=1_024,
        pad_token_id=0, eos_token_id=1, bos_token_id=2, initializer_range=0.3, **options,
    )  # fmt: skip
    getattr(transformers, f"{family}ForCausalLM")(config).save_pretrained(folder)
    return str(folder)


def plain(folder: str, rows: list[Prompted]) -> list[float]:
    """The logit of "Yes" after each row by itself."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    network = AutoModelForCausalLM.from_pretrained(folder).eval()
    (yes,) = AutoTokenizer.from_pretrained(folder)("Yes", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        return [float(network(torch.tensor([row.ids])).logits[0, -1, yes]) for row in rows]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_scores_as_transformers_does(family: str, tmp_path: Path) -> None:
    folder = save_family(tmp_path, family)
    scorer = DecoderScorer(folder, device="cpu", dtype="float32", max_length=128)
    assert scorer.padded == (family in ("Gemma2", "Qwen3"))
    expected = plain(folder, scorer._rows(QUERY, TEXTS))
    assert scorer.score(QUERY, documents(TEXTS)) == pytest.approx(expected, abs=1e-4)
    assert max(expected) - min(expected) > 0.01
    scorer.close()


@pytest.mark.parametrize("window", [16, 4_096])
def test_a_window_shorter_than_the_rows_keeps_the_models_own_pass(
    window: int, tmp_path: Path
) -> None:
    folder = save_family(tmp_path, "Mistral", sliding_window=window)
    scorer = DecoderScorer(folder, device="cpu", dtype="float32", max_length=64)
    assert scorer.padded == (window == 16)
    rows = scorer._rows(QUERY, TEXTS)
    assert max(map(len, rows)) > 2 * 16  # so that padding would push what counts out of the window
    assert scorer.score(QUERY, documents(TEXTS)) == pytest.approx(plain(folder, rows), abs=1e-4)
    scorer.close()


def test_the_prompt_counts_against_the_models_positions(tmp_path: Path) -> None:
    folder = save_decoder(tmp_path)  # of 1,024 positions
    encode = PromptEncoder(AutoTokenizer.from_pretrained(folder), 1_024)
    longest = max(map(len, encode("bridge " * 2_000, ["", "river " * 2_000])))
    assert longest <= 1_024 + encode.on_top
    with pytest.raises(SettingsError, match=f"prompt {encode.on_top} .* reads 1024 tokens"):
        DecoderScorer(folder, device="cpu", max_length=1_024 - encode.on_top + 1)
    DecoderScorer(folder, device="cpu", max_length=1_024 - encode.on_top).close()


@pytest.mark.parametrize("unpadded", [True, False])
def test_queries_that_share_a_batch_do_not_share_scores(
    unpadded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not unpadded:
        monkeypatch.setattr(forest, "FAMILIES", frozenset())
    scorer = DecoderScorer(save_decoder(tmp_path), device="cpu", dtype="float32")
    assert scorer.padded != unpadded
    network = scorer._networks["exact"]
    rows = [row for query in (QUERY, KOREAN, QUERY * 3) for row in scorer._rows(query, TEXTS)]
    run = scorer._forward if unpadded else scorer._whole
    expected = [run(network, [row]).item() for row in rows]
    order = random.Random(3).sample(range(len(rows)), len(rows))
    found = run(network, [rows[place] for place in order]).tolist()
    assert found == pytest.approx([expected[place] for place in order], abs=1e-5)
    assert len({round(score, 3) for score in expected}) > 10
    scorer.close()


def test_a_copy_in_half_precision_scores_alike(tmp_path: Path) -> None:
    scorer = DecoderScorer(save_decoder(tmp_path), device="cpu", dtype="bfloat16", certified=True)
    rows = scorer._rows(QUERY, TEXTS)
    exact, coarse = (
        scorer._forward(scorer._networks[name], rows).tolist() for name in ("exact", "coarse")
    )
    assert 0 < max(abs(a - b) for a, b in zip(exact, coarse, strict=True)) < 0.5
    scorer.close()


tokens = st.integers(0, 3)
heads = st.lists(tokens, min_size=1, max_size=3)
tails = st.lists(tokens, min_size=1, max_size=6)
pairs = st.builds(lambda head, tail: Prompted((*head, *tail), len(head)), heads, tails)


@given(st.lists(pairs, min_size=1, max_size=10, unique=True))
@settings(max_examples=200, deadline=None)
def test_a_forest_holds_every_row_once(rows: list[Prompted]) -> None:
    laid = planted(rows)
    ids, positions, ends = (x.tolist() for x in (laid.ids, laid.positions, laid.ends))
    assert len(ids) <= sum(map(len, rows))
    found = {}
    for tree in laid.trees:
        trunk = ids[tree.trunk]
        assert positions[tree.trunk] == list(range(len(trunk)))
        for branch in tree.branches:
            row = (*trunk, *ids[branch.tokens])
            assert positions[branch.tokens] == list(range(len(trunk), len(row)))
            assert branch.mask.shape == (len(row) - len(trunk), len(row))
            assert branch.mask.sum().item() == sum(range(len(trunk) + 1, len(row) + 1))
            found[branch.tokens.stop - 1] = row
    assert [found[end] for end in ends] == [row.ids for row in rows]
