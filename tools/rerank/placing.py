"""A loaded network onto its device, and whether it reads pairs as long as they may be."""

from __future__ import annotations

from typing import Any

from churon.tools.errors import RerankError, SettingsError
from churon.tools.rerank.torch_model import out_of_memory

_AFTER_PADDING = ("roberta", "camembert", "xmod", "data2vec-text", "ernie_m", "mpnet")
"""Families, by a part of their name, that count positions from behind the padding's index."""


def check_length(name: str, config: Any, max_length: int, prompt: int = 0) -> None:
    """Raise SettingsError where a pair may have more tokens than the model has positions.

    `prompt`: tokens that come on top of `max_length`.
    """
    most = getattr(config, "max_position_embeddings", None)
    if most is None or not getattr(config, "position_biased_input", True):
        return  # relative positions alone, as DeBERTa's, have no end
    if any(family in config.model_type for family in _AFTER_PADDING):
        most -= (config.pad_token_id or 0) + 1
    room = most - prompt
    if max_length > room:
        more = f", its prompt {prompt}" if prompt else ""
        less = f"Set rerank.max_length to {room} or less." if room > 0 else "Name another model."
        raise SettingsError(
            f"rerank.max_length is {max_length}{more} and the model {name!r} reads {most} tokens.",
            remedy=less,
        )


def placed(name: str, network: Any, device: str) -> Any:
    """The network on the device. Raises RerankError where it has no room there."""
    try:
        return network.to(device)
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        raise RerankError(
            f"The device {device!r} has no memory for the model {name!r}.",
            remedy="Free the GPU, name a smaller model, or set rerank.device = 'cpu'.",
        ) from error
