"""Token ids of pairs are the tokenizer's own, whatever the lengths."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rerankers import KOREAN, QUERY, save_encoder, save_other

from churon.tools.rerank.pairs import PairEncoder

if not find_spec("transformers"):
    pytest.skip("needs the extra `rerank`", allow_module_level=True)

LENGTH = 40


@pytest.fixture(scope="module", params=["XLMRoberta", "Bert"])
def tokenizers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two of the same: one for us, one as a reference."""
    from transformers import AutoTokenizer

    folder = tmp_path_factory.mktemp(request.param)
    made = save_encoder(folder) if request.param == "XLMRoberta" else save_other(folder, "Bert")
    return AutoTokenizer.from_pretrained(made), AutoTokenizer.from_pretrained(made)


WORDS = [*QUERY.split(), *KOREAN.split(), "🙂", "bridge,", "  ", "(report)"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


@given(texts, texts)
@settings(max_examples=300, deadline=None)
def test_ids_and_segments_are_the_tokenizers(tokenizers: Any, query: str, passage: str) -> None:
    ours, reference = tokenizers
    (row,) = PairEncoder(ours, LENGTH)(query, [passage])
    ids = reference(query, add_special_tokens=False)["input_ids"]
    special = reference.num_special_tokens_to_add(pair=True)
    if len(ids) > LENGTH * 3 // 4:  # FlagEmbedding cuts the query first
        cut = ids[: LENGTH * 3 // 4]
        rest = reference(passage, add_special_tokens=False)["input_ids"]
        assert [one for one in row.ids if one not in reference.all_special_ids] == [
            one
            for one in cut + rest[: LENGTH - special - len(cut)]
            if one not in reference.all_special_ids
        ]
        assert len(row) <= LENGTH
        return
    expected = reference(
        query, passage, truncation="only_second", max_length=LENGTH, return_token_type_ids=True
    )
    assert list(row.ids) == expected["input_ids"]
    assert list(row.types) == expected["token_type_ids"]


@pytest.mark.parametrize("words", range(50))
def test_every_length_from_nothing_to_cut(tokenizers: Any, words: int) -> None:
    ours, reference = tokenizers
    passage = " ".join(WORDS[n % len(WORDS)] for n in range(words)) or " "
    (row,) = PairEncoder(ours, LENGTH)("the bridge", [passage])
    expected = reference("the bridge", passage, truncation="only_second", max_length=LENGTH)
    assert list(row.ids) == expected["input_ids"]
