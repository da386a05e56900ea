"""LlamaIndex's door: the reranker as a node postprocessor."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.documents import Document
from pydantic import ConfigDict, Field

from churon.tools.errors import ModelMissing, RerankError
from churon.tools.rerank.compressor import RerankCompressor

try:
    from llama_index.core.postprocessor.types import BaseNodePostprocessor
    from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle
except ImportError as error:
    raise ModelMissing(
        f"The package 'llama-index-core' cannot be imported: {error}.",
        remedy="Install it with: pip install 'churon[adapters]'.",
    ) from error


class LlamaIndexPostprocessor(BaseNodePostprocessor):  # type: ignore[misc]  # not followed by mypy
    """The compressor's best `top_n` nodes, best first, scored by it. Closing stays with it.

        rerank = LlamaIndexPostprocessor(compressor=RerankCompressor(scorer=scorer, top_n=5))
        engine = index.as_query_engine(similarity_top_k=50, node_postprocessors=[rerank])

    A node is read as LlamaIndex's rerankers read it: with the metadata that embeddings see. Nodes
    are passed on, not changed; ties are broken by node id. Raises RerankError, ModelMissing.
    """

    model_config = ConfigDict(extra="forbid")

    # A loaded model is nothing to serialise
    compressor: RerankCompressor = Field(exclude=True)

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = _query(query_bundle)
        return _rescored(nodes, self.compressor.compress_documents(_documents(nodes), query))

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = _query(query_bundle)
        return _rescored(nodes, await self.compressor.acompress_documents(_documents(nodes), query))


def _query(bundle: QueryBundle | None) -> str:
    if bundle is None:
        raise RerankError(
            "The reranker was given nodes and no query.", remedy="Name query_str or query_bundle."
        )
    query: str = bundle.query_str
    return query


def _documents(nodes: Sequence[NodeWithScore]) -> list[Document]:
    return [
        Document(
            found.node.get_content(metadata_mode=MetadataMode.EMBED),
            id=found.node.node_id,
            metadata={"place": place},
        )
        for place, found in enumerate(nodes)
    ]


def _rescored(nodes: Sequence[NodeWithScore], kept: Sequence[Document]) -> list[NodeWithScore]:
    return [
        nodes[one.metadata["place"]].model_copy(update={"score": one.metadata["rerank_score"]})
        for one in kept
    ]
