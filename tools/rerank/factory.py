"""Opens the reranker that the settings name."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.embeddings import Embeddings

from churon.tools.errors import SettingsError
from churon.tools.rerank.compressor import RerankCompressor
from churon.tools.rerank.scorer import Scorer
from churon.tools.settings import EmbeddingSettings, RerankSettings, Settings


def open_reranker(settings: Settings, embeddings: Embeddings) -> RerankCompressor | None:
    """The settings' reranker with its model loaded, None for provider "none".

    Blocking (seconds to minutes for a cross-encoder): call it in a thread. Raises SettingsError,
    ModelMissing, RerankError.
    """
    rerank = settings.rerank
    if rerank.provider == "none":
        return None
    if rerank.provider == "late_interaction":
        scorer = _late_interaction(embeddings, settings.embedding)
    else:
        scorer = _cross_encoder(rerank, settings.models.offline)
    return RerankCompressor(scorer=scorer, top_n=settings.context.k2)


def _late_interaction(embeddings: Embeddings, settings: EmbeddingSettings) -> Scorer:
    from churon.tools.rerank.late_interaction import LateInteractionScorer, TokenEmbeddings

    if not isinstance(embeddings, TokenEmbeddings):
        raise SettingsError(
            "rerank.provider='late_interaction' needs token vectors, which "
            f"{type(embeddings).__name__} does not give.",
            remedy="Set embedding.provider = 'embedded' or rerank.provider = 'none'.",
        )
    return LateInteractionScorer(
        embeddings,
        query_prefix=settings.query_prefix,
        document_prefix=settings.document_prefix,
    )


def _cross_encoder(rerank: RerankSettings, offline: bool) -> Scorer:
    from churon.tools.rerank.decoder import DecoderScorer
    from churon.tools.rerank.encoder import EncoderScorer
    from churon.tools.rerank.reference import ReferenceScorer

    kinds: dict[str, Callable[..., Scorer]] = {
        "encoder": EncoderScorer,
        "decoder": DecoderScorer,
        "reference": ReferenceScorer,
    }
    return kinds[rerank.provider](
        rerank.model,
        device=rerank.device,
        dtype=rerank.dtype,
        batch_size=rerank.batch_size,
        max_length=rerank.max_length,
        offline=offline,
    )
