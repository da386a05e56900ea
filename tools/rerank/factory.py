"""Opens the reranker that the settings name."""

from __future__ import annotations

from typing import Any

from langchain_core.embeddings import Embeddings

from churon.tools.errors import SettingsError
from churon.tools.rerank.cache import ScoreCache
from churon.tools.rerank.canaries import refuse_guessing
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
    elif rerank.provider == "remote":
        scorer = remote(rerank)
    else:
        scorer = _cross_encoder(rerank, settings.models.offline)
        if rerank.canaries:
            _test(scorer)
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


def remote(rerank: RerankSettings) -> Scorer:
    """A scorer for the settings' server; it is not asked yet. Raises SettingsError."""
    from churon.tools.rerank.remote import RemoteScorer

    # No canaries: a server that is down now must not keep the reranker from opening
    return RemoteScorer(
        rerank.base_url or "",
        rerank.model,
        shape=rerank.shape,
        api_key=rerank.api_key,
        timeout=rerank.timeout,
        batch=rerank.batch,
        cache=ScoreCache(rerank.cache_pairs),
    )


def _cross_encoder(rerank: RerankSettings, offline: bool) -> Scorer:
    from churon.tools.rerank.decoder import DecoderScorer
    from churon.tools.rerank.encoder import EncoderScorer
    from churon.tools.rerank.layerwise import LayerwiseScorer
    from churon.tools.rerank.reference import ReferenceScorer

    options: dict[str, Any] = {
        "device": rerank.device,
        "dtype": rerank.dtype,
        "batch_tokens": rerank.batch_tokens,
        "max_length": rerank.max_length,
        "offline": offline,
    }
    if rerank.provider == "reference":
        return ReferenceScorer(rerank.model, **options)
    options |= {"certified": rerank.certified, "cache": ScoreCache(rerank.cache_pairs)}
    if rerank.provider == "layerwise":
        return LayerwiseScorer(rerank.model, layer=rerank.layer, **options)
    kind = EncoderScorer if rerank.provider == "encoder" else DecoderScorer
    return kind(rerank.model, **options)


def _test(scorer: Scorer) -> None:
    from churon.tools.rerank.cross_encoder import CrossEncoder

    try:
        refuse_guessing(scorer)
    except BaseException:  # also Ctrl-C: its weights must not stay
        scorer.close()
        raise
    if isinstance(scorer, CrossEncoder):
        scorer.cache.clear()  # hits and misses are callers' alone
