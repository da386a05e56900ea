"""What the torch scorers share: import guard, device, dtype, loading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from churon.tools.errors import ModelMissing, RerankError, SettingsError
from churon.tools.setting_values import at_home


def import_torch() -> tuple[Any, Any]:
    """`(torch, transformers)`; raises ModelMissing where the extra is not installed."""
    try:
        import torch
        import transformers
    except ImportError as error:
        raise ModelMissing(
            f"The package {error.name or 'torch'!r} for cross-encoders is not installed.",
            remedy="Install it with: pip install 'churon[rerank]'.",
        ) from error
    return torch, transformers


def pick_device(wanted: str) -> str:
    """A torch device: `auto` takes CUDA, then Apple's MPS, then the CPU.

    Raises SettingsError for a device that this machine does not have.
    """
    torch, _ = import_torch()
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if cuda else "mps" if mps else "cpu"
    kind = wanted.split(":")[0]
    if kind != "cpu" and not {"cuda": cuda, "mps": mps}.get(kind, False):
        raise SettingsError(
            f"The device rerank.device={wanted!r} is not available.",
            remedy="Set rerank.device to 'auto' or 'cpu'.",
        )
    return wanted


def pick_dtype(wanted: str, device: str, half: str) -> Any:
    """A torch dtype: `auto` is `half` off the CPU; on it bfloat16 where the CPU computes in that.

    float16 on a CPU runs as float32, which is exact where that is slow and coarse.
    """
    torch, _ = import_torch()
    if device == "cpu":
        half = "bfloat16" if has_bfloat16() else "float32"
        wanted = "float32" if wanted == "float16" else wanted
    return getattr(torch, half if wanted == "auto" else wanted)


def pick_precisions(wanted: str, device: str, half: str, *, certified: bool) -> tuple[Any, Any]:
    """What to load in, and what to score all passages in first; None where that is the same."""
    torch, _ = import_torch()
    picked = pick_dtype(wanted, device, half)
    if certified and picked != torch.float32:
        return torch.float32, picked
    return picked, None


def has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 itself; others emulate it, slower than float32."""
    torch, _ = import_torch()
    # On ARM no public sign of it: the setting can still name bfloat16
    asked = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in asked)


def pick_batch_tokens(wanted: int | None, device: str) -> int:
    """Tokens of one pass: on an H100 passes of 8,192 tokens took 1.4 times as long as of 65,536, as
    a pass cost the host more time than the GPU.
    """
    return wanted or (65_536 if device.startswith("cuda") else 8_192)


def later(tensors: Sequence[Any], device: str) -> Callable[[], list[list[float]]]:
    """Waits until a GPU has made these, (n,) each, and no longer: what it was given after them may
    still run.
    """
    torch, _ = import_torch()
    if not device.startswith("cuda"):
        return lambda: [one.tolist() for one in tensors]
    copies = [torch.empty(one.shape, dtype=one.dtype, pin_memory=True) for one in tensors]
    for copy, one in zip(copies, tensors, strict=True):
        copy.copy_(one, non_blocking=True)
    made = torch.cuda.Event()
    made.record(torch.cuda.current_stream(device))

    def read() -> list[list[float]]:
        made.synchronize()
        return [copy.tolist() for copy in copies]

    return read


def lays_end_to_end(device: str) -> bool:
    """Whether rows run unpadded there: where it was tried and is faster."""
    return device.startswith(("cpu", "cuda"))


def load_pretrained(kind: str, model: str, *, offline: bool = False, **kwargs: Any) -> Any:
    """`transformers.<kind>.from_pretrained(model)` from a folder or the hub.

    Weights that the checkpoint lacks are refused: they would be random and rank at random. Raises
    ModelMissing, RerankError.
    """
    _, transformers = import_torch()
    if not model:
        raise SettingsError(
            "No reranking model is named.",
            remedy="Set rerank.model to a hub id such as 'BAAI/bge-reranker-v2-m3' or a folder.",
        )
    with_weights = kind.startswith("AutoModel")
    if with_weights:
        kwargs["output_loading_info"] = True
    loader = getattr(transformers, kind)
    try:
        loaded = loader.from_pretrained(
            str(at_home(model)) if _is_folder(model) else model,
            local_files_only=offline or _is_folder(model),
            **kwargs,
        )
    # absent or foreign files; weights of other shapes; a file that is cut off
    except (OSError, ValueError, RuntimeError, _broken_weights()) as error:
        raise ModelMissing(
            f"The reranking model {model!r} cannot be loaded: {_first_line(error)}",
            remedy=f"Check rerank.model; download it anew with: hf download {model}.",
        ) from error
    if not with_weights:
        return loaded
    network, info = loaded
    if missing := sorted(info["missing_keys"]):
        raise RerankError(
            f"The model {model!r} is no such reranker: it lacks weights for {missing[0]!r}.",
            remedy="Name a model that was trained for reranking, or another rerank.provider.",
        )
    return network


def revision(config: Any) -> str:
    """What changes when a loaded model's files do: the hub's commit, or each file of its folder
    with size and time.
    """
    name, commit = (getattr(config, key, None) for key in ("_name_or_path", "_commit_hash"))
    if commit or not name:
        return str(commit)
    files = sorted(one for one in at_home(name).glob("*") if one.is_file())
    stats = [(one.name, one.stat()) for one in files]
    return " ".join(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in stats)


def _broken_weights() -> type[Exception]:
    from safetensors import SafetensorError

    found: type[Exception] = SafetensorError
    return found


def out_of_memory(error: RuntimeError) -> bool:
    """Whether memory ended: of a GPU that is a type, of a CPU or Apple's MPS words alone."""
    torch, _ = import_torch()
    said = str(error).lower()
    ended = "can't allocate memory" in said or "out of memory" in said
    return ended or isinstance(error, torch.OutOfMemoryError)


def free_memory(device: str) -> None:
    """Give the GPU memory of a dropped model back."""
    if device.startswith("cuda"):
        torch, _ = import_torch()
        torch.cuda.empty_cache()


def _is_folder(model: str) -> bool:
    return at_home(model).is_dir()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
