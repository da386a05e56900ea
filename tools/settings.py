"""Settings: preset file, then ./churon.toml, CHURON_* variables, flags; the last one wins.

Nested names use a double underscore: `CHURON_STORE__URI`. Unknown keys are refused at every level.
"""

from __future__ import annotations

import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as PydanticSettingsError

from churon.tools.context import RagContext
from churon.tools.errors import SettingsError
from churon.tools.models import labels
from churon.tools.serve_settings import ServeSettings
from churon.tools.setting_refusals import refuse_unknown_variables, refused, unreadable
from churon.tools.setting_values import HeaderSecret, ServerAddress, StoreAddress
from churon.tools.trace_settings import LangfuseSettings, TraceSettings
from churon.tools.types import Language

PRESETS = ("embedded", "ollama", "gpu")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChatSettings(_Section):
    """The language model that writes and critiques."""

    provider: Literal["embedded", "ollama", "openai"] = "embedded"
    model: str = "qwen2.5-coder-1.5b"
    """Catalogue name, Ollama tag, OpenAI-compatible model name, or path of a .gguf file."""
    base_url: ServerAddress | None = None
    api_key: HeaderSecret | None = None
    context_length: int = Field(8_192, ge=512, le=1_048_576)
    """Tokens of prompt and answer together (Ollama's num_ctx)."""
    thinking_tokens: int = Field(0, ge=0, le=131_072)
    """Of a server's model that thinks before it answers: tokens for its thoughts, beside those of
    each answer. Its log-probs are of thoughts and not asked for, its temperature is the server's.
    0: the model does not think, or is told not to where that can be said (Ollama).
    """
    keep_alive: str = "10m"
    """How long Ollama keeps the model loaded."""
    slots: int = Field(4, ge=1, le=64)
    """Requests that the embedded engine serves at once."""
    threads: int = Field(0, ge=0, le=512)
    """CPU threads of the embedded engine; 0 takes all cores."""
    gpu_layers: int = Field(0, ge=0, le=1_000)
    timeout: float = Field(300.0, gt=0, le=86_400)
    """Seconds for one call; on Ollama seconds of silence, on an OpenAI-compatible server for each
    of its client's three attempts.
    """


class EmbeddingSettings(_Section):
    """The model that turns text into vectors."""

    provider: Literal["embedded", "ollama", "openai"] = "embedded"
    model: str = "multilingual-e5-small"
    dimensions: int = Field(384, ge=8, le=16_384)
    query_prefix: str = "query: "
    document_prefix: str = "passage: "
    base_url: ServerAddress | None = None
    api_key: HeaderSecret | None = None
    keep_alive: str = "10m"
    batch: int = Field(32, ge=1, le=1_024)
    threads: int = Field(0, ge=0, le=512)
    timeout: float = Field(120.0, gt=0, le=86_400)


class StoreSettings(_Section):
    """Milvus: a file (Milvus Lite) or a server, by `uri` alone."""

    uri: StoreAddress = ".churon/milvus.db"
    token: SecretStr | None = None
    collection: str = Field("churon", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,200}$")
    tenancy: bool = False
    """Every read and write must then name a tenant."""
    m: int = Field(16, ge=2, le=2_048)
    ef_construction: int = Field(200, ge=1, le=32_768)
    fusion: Literal["weighted", "rrf"] = "weighted"
    dense_weight: float = Field(0.6, ge=0, le=1)
    """Weight of the dense z-score against BM25's (1 - it) in weighted fusion; measured by
    benchmarks/retrieval.py, where 0.6 and 0.7 beat both searches alone, 0.5 and RRF on average."""
    rrf_k: int = Field(60, ge=1, le=10_000)
    timeout: float = Field(60.0, gt=0, le=3_600)


class RerankSettings(_Section):
    """The cross-encoder, or the late interaction of the embedded default."""

    provider: Literal[
        "late_interaction", "encoder", "decoder", "layerwise", "reference", "remote", "none"
    ] = "late_interaction"
    model: str = ""
    """Hub id or folder of the cross-encoder; the name that a server knows it by."""
    device: str = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    batch_tokens: int | None = Field(None, ge=16, le=1_048_576)
    """Tokens of one pass; 8,192 are 16 pairs of 512. By default 8,192 on a CPU, 65,536 on a GPU."""
    max_length: int = Field(512, ge=16, le=32_768)
    """Tokens of query and passage together."""
    layer: int = Field(28, ge=1, le=1_000)
    """Layer whose head scores, of provider "layerwise"; those above are not loaded."""
    certified: bool = False
    """Score in half precision, and in float32 what rounding could move past the cut-off: float32's
    ranking, for the memory of both. Measured on a CPU: 1.25 times as fast as float32 for 100
    passages, 1.6 times for 500."""
    cache_pairs: int = Field(100_000, ge=0, le=100_000_000)
    """Scores of (query, passage) to remember, 150 bytes each."""
    canaries: bool = True
    """Refuse at load a model that cannot rank obvious questions."""
    base_url: str | None = None
    """Server of provider "remote": passages go to <base_url>/rerank."""
    api_key: HeaderSecret | None = None
    shape: Literal["tei", "cohere"] = "cohere"
    """What the server speaks: text-embeddings-inference, or Cohere's as most others do."""
    timeout: float = Field(30.0, gt=0, le=3_600)
    """Seconds until an answer of the server begins, and as many until it ends."""
    batch: int = Field(32, ge=1, le=1_024)
    """Passages of one request to it."""


class IngestSettings(_Section):
    """Limits and sizes of reading documents."""

    chunk_chars: int = Field(800, ge=100, le=8_000)
    chunk_chars_cjk: int = Field(400, ge=50, le=8_000)
    overlap: float = Field(0.1, ge=0, le=0.5)
    """Share of a chunk repeated at the start of the next."""
    max_bytes: int = Field(100_000_000, ge=1_000)
    max_pages: int = Field(2_000, ge=1)
    max_chars: int = Field(20_000_000, ge=1_000)
    max_unpacked_ratio: float = Field(200.0, ge=1)
    max_unpacked_bytes: int = Field(500_000_000, ge=1_000)
    max_seconds: float = Field(120.0, gt=0, le=86_400)
    """Seconds for one file; its reader is then stopped."""
    max_memory: int = Field(4_000_000_000, ge=100_000_000)
    """Bytes of address space for the reader process."""


class LabelCalibration(_Section):
    """Softmax temperature and additive log-prob offsets for one label set."""

    temperature: float = Field(1.0, gt=0.01, le=100)
    offsets: dict[str, float] = Field(default_factory=dict)


def _calibrated_name(given: str) -> str:
    sets = [one.name for one in vars(labels).values() if isinstance(one, labels.LabelSet)]
    name, dot, language = given.partition(".")
    if name not in sets or (dot and language not in get_args(Language)):
        languages = " or ".join(f".{one}" for one in get_args(Language))
        raise ValueError(f"known are {', '.join(sets)}, each also with {languages} behind it")
    return given


CalibratedName = Annotated[str, AfterValidator(_calibrated_name)]


class CriticSettings(_Section):
    """How label distributions are read."""

    kind: Literal["letters", "reflection_tokens"] = "letters"
    """Single letters of any instruct model, or the tokens of a Self-RAG fine-tuned model."""
    top_logprobs: int = Field(20, ge=1, le=100)
    min_coverage: float = Field(0.05, ge=0, le=1)
    """Below this mass on the label set, the next rung of the fallback ladder is tried."""
    calibration: dict[str, dict[CalibratedName, LabelCalibration]] = Field(default_factory=dict)
    """Chat model name -> label set name -> calibration; "relevance.ko" is for prompts in Korean."""


class ModelsSettings(_Section):
    """Where model files are kept."""

    folder: Path = Path("~/.cache/churon/models")
    offline: bool = False
    """Never download; what is missing is an error that names the pull command."""


class Settings(BaseSettings):
    """Everything that outlives a run."""

    model_config = SettingsConfigDict(
        env_prefix="CHURON_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # a traceback shows pydantic's own error too
    )

    preset: Literal["embedded", "ollama", "gpu"] = "embedded"
    chat: ChatSettings = Field(default_factory=ChatSettings)
    embedding: EmbeddingSettings = Field(default_factory=EmbeddingSettings)
    store: StoreSettings = Field(default_factory=StoreSettings)
    rerank: RerankSettings = Field(default_factory=RerankSettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    critic: CriticSettings = Field(default_factory=CriticSettings)
    models: ModelsSettings = Field(default_factory=ModelsSettings)
    langfuse: LangfuseSettings = Field(default_factory=LangfuseSettings)
    trace: TraceSettings = Field(default_factory=TraceSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    context: RagContext = Field(default_factory=RagContext)
    """Defaults of the per-run knobs."""


def load_settings(path: Path | None = None, *, preset: str | None = None, **flags: Any) -> Settings:
    """Settings from preset, file, environment and `flags` (nested dicts), in rising priority.

    `path` defaults to `$CHURON_CONFIG`, then `./churon.toml` where it exists. Raises SettingsError
    that names the first wrong key.
    """
    file_values = _read_toml(_settings_file(path))
    chosen = preset or os.environ.get("CHURON_PRESET") or file_values.get("preset") or "embedded"
    if chosen not in PRESETS:
        raise SettingsError(
            f"There is no preset {chosen!r}.", remedy=f"Use one of {', '.join(PRESETS)}."
        )
    refuse_unknown_variables({*Settings.model_fields, "config"})
    preset_values = tomllib.loads(
        files("churon.tools.presets").joinpath(f"{chosen}.toml").read_text("utf-8")
    )

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            layers = (file_values, preset_values)
            return (
                init_settings,
                env_settings,
                *(InitSettingsSource(settings_cls, init_kwargs=layer) for layer in layers),
            )

    Layered.__name__ = Layered.__qualname__ = "Settings"
    try:
        return Layered(**{**flags, "preset": chosen})
    except ValidationError as error:
        raise refused(error, Settings) from error
    except PydanticSettingsError as error:
        raise unreadable(error, Settings) from error


def _settings_file(path: Path | None) -> Path | None:
    if path is None and (named := os.environ.get("CHURON_CONFIG")):
        path = Path(named)
    if path is not None and not path.is_file():
        raise SettingsError(f"There is no settings file {str(path)!r}.", remedy="Check the path.")
    default = Path("churon.toml")
    # what cannot be read, as a link that leads nowhere or a folder, was meant to be read too
    return path or (default if os.path.lexists(default) else None)


def _read_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))  # editors on Windows leave a mark there
    except OSError as error:
        raise SettingsError(
            f"The settings file {str(path)!r} cannot be read: {error.strerror}.",
            remedy="Check the path: it must be, or lead to, a file.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The settings file {str(path)!r} cannot be read: {error}.", remedy="Mend that line."
        ) from error
