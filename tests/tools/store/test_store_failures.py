"""Every failure is a StoreError that names the value and the next action; none is an empty list."""

from __future__ import annotations

import math
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from langchain_core.documents import Document
from support.hashing import HashingEmbeddings

from churon.tools.errors import InputError, ModelUnreachable, StoreError
from churon.tools.settings import StoreSettings
from churon.tools.store.milvus import Store

EMBED = HashingEmbeddings()


async def test_a_missing_collection_is_an_error_for_a_search_only(
    lite_settings: StoreSettings,
) -> None:
    store = Store.open(lite_settings, EMBED, 64)
    try:
        with pytest.raises(StoreError, match="churon ingest PATH") as caught:
            await store.search("anything", k=3, ef=9)
        assert lite_settings.collection in str(caught.value)
        assert await store.count() == await store.delete(["1"]) == 0
        assert await store.get(["1"]) == []
    finally:
        store.close()


async def test_an_empty_question_or_k_is_refused(lite_settings: StoreSettings) -> None:
    store = Store.open(lite_settings, EMBED, 64)
    try:
        await store.upsert([])
        assert await store.search("anything", k=3, ef=9) == []
        with pytest.raises(InputError, match=r"' \\n' is empty"):
            await store.search(" \n", k=3, ef=9)
        with pytest.raises(StoreError, match="k=0"):
            await store.search("q", k=0, ef=9)
    finally:
        store.close()


async def test_another_dimension_names_both(lite_settings: StoreSettings) -> None:
    first = Store.open(lite_settings, EMBED, 64)
    await first.upsert([Document(id="1", page_content="one")])
    with pytest.raises(StoreError, match=r"64 dimensions.* 32.*churon ingest"):
        Store.open(lite_settings, HashingEmbeddings(32), 32)
    assert await first.count() == 1  # the refused store did not stop the shared engine
    first.close()


class Other(HashingEmbeddings):
    """Another model of the same length."""

    def embed_query(self, text: str) -> list[float]:
        return super().embed_query(text)[::-1]


async def test_another_model_of_the_same_length_is_neither_searched_nor_mixed_in(
    lite_settings: StoreSettings,
) -> None:
    first = Store.open(lite_settings, EMBED, 64)
    await first.upsert([Document(id="1", page_content="The ferry leaves at noon.")])
    first.close()
    store = Store.open(lite_settings, Other(), 64)
    try:
        for _ in range(2):
            with pytest.raises(StoreError, match="another embedding model") as caught:
                await store.search("When does it leave?", k=3, ef=9)
        assert repr(lite_settings.collection) in str(caught.value)
        with pytest.raises(StoreError, match=r"embedding\.model as it was"):
            await store.upsert([Document(id="2", page_content="Dogs travel free.")])
        # what needs no vectors goes on
        assert [d.id for d in await store.search("ferry", k=3, ef=9, mode="bm25")] == ["1"]
        assert await store.count() == 1 and await store.delete(["1"]) == 1
        await store.upsert([Document(id="2", page_content="Dogs travel free.")])
        assert [d.id for d in await store.search("dogs", k=3, ef=9)] == ["2"]
    finally:
        store.close()


async def test_a_passage_without_a_vector_accuses_no_model(lite_settings: StoreSettings) -> None:
    first = Store.open(lite_settings, EMBED, 64)
    await first.upsert([Document(id="1", page_content="…")])
    first.close()
    store = Store.open(lite_settings, Other(), 64)
    try:
        assert [d.id for d in await store.search("noon", k=3, ef=9)] == ["1"]
    finally:
        store.close()


async def test_an_embedder_of_another_length_or_with_nan_is_refused(
    lite_settings: StoreSettings,
) -> None:
    class Broken(HashingEmbeddings):
        def embed_query(self, text: str) -> list[float]:
            return [math.nan] * 64

    for model, message in ((HashingEmbeddings(16), "16 dimensions"), (Broken(), "NaN")):
        store = Store.open(lite_settings, model, 64)
        with pytest.raises(StoreError, match=message):
            await store.upsert([Document(id="1", page_content="one")])
        assert await store.count() == 0
        store.close()


async def test_an_embedding_server_that_is_down_is_not_milvus_failing(
    lite_settings: StoreSettings,
) -> None:
    class Down(HashingEmbeddings):
        def embed_query(self, text: str) -> list[float]:
            raise ConnectionRefusedError("port 11434")

    store = Store.open(lite_settings, Down(), 64)
    try:
        with pytest.raises(ModelUnreachable, match="port 11434"):
            await store.upsert([Document(id="1", page_content="one")])
    finally:
        store.close()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (Document(page_content="no id"), "no id"),
        (Document(id="big", page_content="가" * 30_000), "'big' has a value of 90000 bytes"),
        (Document(id="odd", page_content="x", metadata={"a": object()}), "'odd' is not plain"),
        (Document(id="nan", page_content="x", metadata={"a": math.nan}), "'nan' is not plain"),
        (Document(id="half", page_content="\ud83d"), "'half' holds half"),
        (Document(id="t", page_content="x", metadata={"tenant": "b"}), "tenant 'b'"),
    ],
)
async def test_a_passage_that_cannot_be_kept_is_named(
    lite_settings: StoreSettings, document: Document, message: str
) -> None:
    store = Store.open(lite_settings, EMBED, 64)
    try:
        with pytest.raises(StoreError, match=message):
            await store.upsert([Document(id="fine", page_content="fine"), document])
        assert await store.count() == 0  # nothing half-written
    finally:
        store.close()


def test_a_server_that_does_not_answer_is_named_in_time() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://user:pw@127.0.0.1:{closed.getsockname()[1]}/?token=pw"
        start = time.monotonic()
        with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:\d+") as caught:
            Store.open(StoreSettings(uri=uri, timeout=2), EMBED, 64)
    assert time.monotonic() - start < 6
    assert "pw" not in str(caught.value)


def test_a_file_that_another_process_holds_is_named(tmp_path: Path) -> None:
    path = tmp_path / "held.db"
    script = f"""
        import sys
        from milvus_lite import MilvusLite
        MilvusLite({str(path)!r})
        print("held", flush=True)
        sys.stdin.read()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match=r"held\.db' is open in another process"):
            Store.open(StoreSettings(uri=str(path)), EMBED, 64)
        assert holder.stdin is not None
        holder.stdin.close()
    Store.open(StoreSettings(uri=str(path)), EMBED, 64).close()  # free again


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("hello")
    with pytest.raises(StoreError, match=r"notes\.db' cannot be opened"):
        Store.open(StoreSettings(uri=str(tmp_path / "notes.db")), EMBED, 64)
    with pytest.raises(StoreError, match=r"ends in \.db"):
        Store.open(StoreSettings(uri="milvus"), EMBED, 64)
    with pytest.raises(StoreError, match="The store 'milvus:19530' is neither"):
        Store.open(StoreSettings(uri="admin:hunter2@milvus:19530"), EMBED, 64)


def test_without_milvus_lite_the_extra_is_named(
    fresh: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "milvus_lite.server_manager", None)
    with pytest.raises(StoreError, match=r"pip install 'churon\[embedded\]'"):
        Store.open(fresh, EMBED, 64)


async def test_passages_outlive_the_store(fresh: StoreSettings) -> None:
    store = Store.open(fresh, EMBED, 64)
    await store.upsert([Document(id="1", page_content="kept across restarts")])
    store.close()
    again = Store.open(fresh, EMBED, 64)
    found = await again.search("kept across", k=1, ef=9)
    again.close()
    assert [document.id for document in found] == ["1"]


async def test_a_foreign_collection_is_left_alone(lite_settings: StoreSettings) -> None:
    store = Store.open(lite_settings, EMBED, 64)
    try:
        store.connection.client.create_collection("foreign", dimension=64)
        with pytest.raises(StoreError, match="not made by churon"):
            await store.search("q", k=1, ef=9, collection="foreign")
    finally:
        store.close()
