"""The other doors, through the libraries they are for: same ranking as the compressor's."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document

from churon.tools.errors import ModelMissing, RerankError
from churon.tools.rerank.compressor import RerankCompressor

# By its place: a package that is there and cannot be imported is a failure, not a reason to skip
if not all(find_spec(name) for name in ("pymilvus.model", "llama_index")):
    pytest.skip("needs the extra `adapters`", allow_module_level=True)

from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.base.response.schema import Response
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
from pymilvus import MilvusClient
from pymilvus.model.base import BaseRerankFunction, RerankResult

from churon.tools.rerank.adapters.llama_index import LlamaIndexPostprocessor
from churon.tools.rerank.adapters.milvus import MilvusRerankFunction

# LlamaIndex imports langchain-community where that is installed, to know its embeddings
pytestmark = pytest.mark.filterwarnings("ignore:`langchain-community`:DeprecationWarning")

TEXTS = ["aa", "bb", "a bridge over the river", "", "다리 🙂", "aa"]
"""Two ties: "aa" with "bb", and "aa" with itself."""


class ByLength:
    """A scorer of the text's length that keeps what it was asked."""

    name = "by length"

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str], int | None]] = []

    def score(
        self, query: str, documents: Sequence[Document], top_n: int | None = None
    ) -> list[float]:
        texts = [document.page_content for document in documents]
        self.calls.append((query, texts, top_n))
        if query == "fail":
            raise RuntimeError("out of memory")
        return [math.nan if query == "nan" else float(len(text)) for text in texts]

    def probability(self, score: float) -> float | None:
        return None

    def close(self) -> None:
        pass


@pytest.fixture
def compressor() -> RerankCompressor:
    return RerankCompressor(scorer=ByLength(), top_n=3)


def nodes(texts: Sequence[str] = TEXTS) -> list[NodeWithScore]:
    return [
        NodeWithScore(node=TextNode(text=text, id_=f"n{place}"), score=place / 10)
        for place, text in enumerate(texts)
    ]


def read(found: Sequence[Any]) -> list[tuple[str, float]]:
    return [(one.text, one.score) for one in found]


def expected(compressor: RerankCompressor, ids: bool) -> list[tuple[str, float]]:
    documents = [Document(text, id=f"n{n}" if ids else None) for n, text in enumerate(TEXTS)]
    return [
        (one.page_content, one.metadata["rerank_score"])
        for one in compressor.compress_documents(documents, "q")
    ]


def test_milvus_ranks_as_the_compressor_does(compressor: RerankCompressor) -> None:
    function = MilvusRerankFunction(compressor)
    assert isinstance(function, BaseRerankFunction)
    found = function("q", TEXTS)
    assert all(isinstance(one, RerankResult) for one in found)
    assert read(found) == expected(compressor, ids=False)
    assert read(function("q", TEXTS[::-1])) == read(found)
    assert [one.index for one in function(query="q", documents=TEXTS, top_k=99)] == [
        2, 4, 0, 5, 1, 3,
    ]  # fmt: skip
    assert function("q", []) == []


def test_milvus_top_k_reaches_the_scorer_and_binds_one_call(compressor: RerankCompressor) -> None:
    function = MilvusRerankFunction(compressor)
    assert [len(function("q", TEXTS, top_k)) for top_k in (1, None)] == [1, 3]
    assert [top_n for _, _, top_n in compressor.scorer.calls] == [1, 3]  # type: ignore[attr-defined]
    with pytest.raises(RerankError, match="top_k=0 keeps no passage"):
        function("q", TEXTS, top_k=0)


def test_milvus_search_results_are_reranked_as_in_its_manual(
    compressor: RerankCompressor, tmp_path: Path
) -> None:
    client = MilvusClient(str(tmp_path / "rerank.db"))
    try:
        client.create_collection("texts", dimension=2, metric_type="COSINE")
        rows = [{"id": n, "vector": [1.0, n], "text": text} for n, text in enumerate(TEXTS)]
        client.insert("texts", rows)
        (hits,) = client.search("texts", data=[[1.0, 0.0]], limit=4, output_fields=["text"])
    finally:
        client.close()
    found = [hit["entity"]["text"] for hit in hits]
    best = MilvusRerankFunction(compressor)(query="q", documents=found, top_k=2)
    assert sorted(found) == sorted(TEXTS[:4])
    assert read(best) == [("a bridge over the river", 23.0), ("aa", 2.0)]
    assert found[best[0].index] == best[0].to_dict()["text"]


async def test_llama_index_ranks_as_the_compressor_does(compressor: RerankCompressor) -> None:
    postprocessor = LlamaIndexPostprocessor(compressor=compressor)
    assert isinstance(postprocessor, BaseNodePostprocessor)
    given = nodes()
    found = postprocessor.postprocess_nodes(given, query_str="q")
    assert read(found) == expected(compressor, ids=True)
    assert postprocessor.postprocess_nodes(given[::-1], query_str="q") == found
    assert await postprocessor.apostprocess_nodes(given, QueryBundle("q")) == found
    assert postprocessor.postprocess_nodes([], query_str="q") == []


def test_llama_index_nodes_keep_their_scores_and_are_passed_on(
    compressor: RerankCompressor,
) -> None:
    given, before = nodes(), nodes()
    found = LlamaIndexPostprocessor(compressor=compressor).postprocess_nodes(given, query_str="q")
    assert given == before
    assert found[0].node is given[2].node


def test_llama_index_reads_nodes_with_the_metadata_that_embeddings_see(
    compressor: RerankCompressor,
) -> None:
    metadata = {"title": "Bridges", "path": "x"}
    node = TextNode(text="text", metadata=metadata, excluded_embed_metadata_keys=["path"])
    LlamaIndexPostprocessor(compressor=compressor).postprocess_nodes(
        [NodeWithScore(node=node)], query_str="q"
    )
    ((_, texts, _),) = compressor.scorer.calls  # type: ignore[attr-defined]
    assert texts == ["title: Bridges\n\ntext"]


async def test_llama_index_without_a_query_is_an_error(compressor: RerankCompressor) -> None:
    postprocessor = LlamaIndexPostprocessor(compressor=compressor)
    with pytest.raises(RerankError, match="no query"):
        postprocessor.postprocess_nodes(nodes())
    with pytest.raises(RerankError, match="no query"):
        await postprocessor.apostprocess_nodes(nodes())


def test_llama_index_refuses_options_it_does_not_have(compressor: RerankCompressor) -> None:
    with pytest.raises(ValueError, match="top_n"):
        LlamaIndexPostprocessor(compressor=compressor, top_n=1)


async def test_llama_index_query_engines_answer_from_the_best_nodes(
    compressor: RerankCompressor,
) -> None:
    index = VectorStoreIndex([one.node for one in nodes()], embed_model=MockEmbedding(embed_dim=2))
    engine = RetrieverQueryEngine.from_args(
        index.as_retriever(similarity_top_k=6),
        llm=MockLLM(),  # answers with its prompt
        node_postprocessors=[LlamaIndexPostprocessor(compressor=compressor)],
    )
    answers = [engine.query("which bridge?"), await engine.aquery("which bridge?")]
    for answer in answers:
        assert isinstance(answer, Response)
        assert read(answer.source_nodes) == expected(compressor, ids=True)
        assert "a bridge over the river" in str(answer) and "bb" not in str(answer)
    assert {query for query, _, _ in compressor.scorer.calls} == {"which bridge?", "q"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(("query", "says"), [("nan", "scored 6 of 6"), ("fail", "out of memory")])
def test_failures_are_the_compressors(compressor: RerankCompressor, query: str, says: str) -> None:
    with pytest.raises(RerankError, match=says):
        MilvusRerankFunction(compressor)(query, TEXTS)
    with pytest.raises(RerankError, match=says):
        LlamaIndexPostprocessor(compressor=compressor).postprocess_nodes(nodes(), query_str=query)


async def test_a_closed_compressor_says_so_at_both_doors(compressor: RerankCompressor) -> None:
    compressor.close()
    with pytest.raises(RerankError, match="closed"):
        MilvusRerankFunction(compressor)("q", TEXTS, top_k=2)
    with pytest.raises(RerankError, match="closed"):
        await LlamaIndexPostprocessor(compressor=compressor).apostprocess_nodes(
            nodes(), QueryBundle("q")
        )


@pytest.mark.parametrize(
    ("module", "needs", "package"),
    [
        ("milvus", "pymilvus.model.base", "pymilvus-model"),
        ("llama_index", "llama_index.core.schema", "llama-index-core"),
    ],
)
def test_without_the_extra_it_is_named(
    monkeypatch: pytest.MonkeyPatch, module: str, needs: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, needs, None)
    monkeypatch.delitem(sys.modules, f"churon.tools.rerank.adapters.{module}")
    with pytest.raises(ModelMissing, match=rf"'{package}' cannot.*churon\[adapters\]"):
        import_module(f"churon.tools.rerank.adapters.{module}")
