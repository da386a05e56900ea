"""Where a cross-encoder's files lie, looked up without loading them."""

from __future__ import annotations

from pathlib import Path

from churon.tools.errors import SettingsError
from churon.tools.setting_values import at_home

_WEIGHTS = ("*.safetensors", "*.bin")


def on_disk(model: str) -> Path | None:
    """The folder with the model's weights, its own or the hub's cache; None where it is still to be
    downloaded. Raises SettingsError where it can be neither.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    if (folder := at_home(model)).is_dir():
        return folder
    try:
        config = try_to_load_from_cache(model, "config.json")
    except HFValidationError as error:
        raise SettingsError(
            f"There is no folder rerank.model={model!r}, and no model on the hub can be called so.",
            remedy="Set rerank.model to a folder, or a hub id such as 'BAAI/bge-reranker-v2-m3'.",
        ) from error
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if any(any(folder.glob(pattern)) for pattern in _WEIGHTS) else None
