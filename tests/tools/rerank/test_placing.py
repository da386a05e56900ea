"""How long a pair a model reads, by its configuration."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from churon.tools.errors import SettingsError
from churon.tools.rerank.placing import check_length


def config(kind: str, most: int | None = 514, pad: int | None = 1, **more: Any) -> Any:
    given = {"max_position_embeddings": most} if most is not None else {}
    return SimpleNamespace(model_type=kind, pad_token_id=pad, **given, **more)


@pytest.mark.parametrize(
    ("kind", "most", "reads"),
    [("xlm-roberta", 514, 512), ("mpnet", 514, 512), ("bert", 512, 512), ("gemma", 8192, 8192)],
)
def test_positions_that_a_pair_may_take(kind: str, most: int, reads: int) -> None:
    check_length("m", config(kind, most), reads)
    with pytest.raises(SettingsError, match=f"reads {reads} tokens"):
        check_length("m", config(kind, most), reads + 1)


def test_models_without_absolute_positions_read_any_length() -> None:
    check_length("m", config("deberta-v2", 512, position_biased_input=False), 4_096)
    check_length("m", config("t5", None), 4_096)


def test_a_prompt_on_top_of_a_pair_takes_positions_too() -> None:
    check_length("m", config("gpt2", 128), 100, prompt=28)
    with pytest.raises(SettingsError, match=r"is 128, its prompt 28 .*max_length to 100 or less"):
        check_length("m", config("gpt2", 128), 128, prompt=28)
    with pytest.raises(SettingsError, match="Name another model"):
        check_length("m", config("gpt2", 128), 64, prompt=128)
