"""A passage store in a JSON file, which can be told to fail or to kill its process."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from churon.tools.errors import StoreError


class FileStore:
    """`fault`: ("upsert" or "delete", "before" or "after", "kill" or "fail")."""

    shared = False

    def __init__(self, path: Path, fault: tuple[str, str, str] | None = None) -> None:
        self.path = path
        self.fault = fault
        self.upserted: list[str] = []
        self.deleted: list[str] = []
        self.read: list[str] = []

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Stored passages: id -> {text, metadata}, with the tenant in front of the id."""
        return dict(json.loads(self.path.read_text())) if self.path.exists() else {}

    def texts(self) -> list[str]:
        """All texts, sorted."""
        return sorted(row["text"] for row in self.rows.values())

    async def upsert(
        self,
        documents: Sequence[Document],
        *,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> None:
        self._strike("upsert", "before")
        rows = self.rows
        for document in documents:
            row = {"text": document.page_content, "metadata": document.metadata}
            rows[self._key(document.id, tenant, collection)] = row
            self.upserted.append(document.page_content)
        self._write(rows)
        self._strike("upsert", "after")

    async def delete(
        self, ids: Sequence[str], *, tenant: str | None = None, collection: str | None = None
    ) -> int:
        self._strike("delete", "before")
        rows = self.rows
        gone = [rows.pop(self._key(id_, tenant, collection), None) for id_ in ids]
        self.deleted += ids
        self._write(rows)
        self._strike("delete", "after")
        return len([row for row in gone if row])

    async def count(self, *, tenant: str | None = None, collection: str | None = None) -> int:
        if tenant is None:  # of all tenants, as in `tools.store.Store`
            return sum(key.startswith(f"{collection}/") for key in self.rows)
        return sum(key.startswith(self._key("", tenant, collection)) for key in self.rows)

    async def documents(
        self,
        *,
        filter: dict[str, Any] | None = None,
        tenant: str | None = None,
        collection: str | None = None,
    ) -> list[Document]:
        front = self._key("", tenant, collection)
        wanted = filter["document"] if filter else None
        read = [
            Document(id=key.removeprefix(front), page_content=row["text"], metadata=row["metadata"])
            for key, row in self.rows.items()
            if key.startswith(front) and (not wanted or row["metadata"]["document"] in wanted)
        ]
        self.read += [one.page_content for one in read]
        return read

    async def sources(self, *, tenant: str, collection: str | None = None) -> dict[str, str]:
        front = self._key("", tenant, collection)
        return {
            key.removeprefix(front): row["metadata"]["document"]
            for key, row in self.rows.items()
            if key.startswith(front)
        }

    def _key(self, id_: str | None, tenant: str | None, collection: str | None) -> str:
        return f"{collection}/{tenant or ''}/{id_}"

    def _write(self, rows: dict[str, dict[str, Any]]) -> None:
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(rows))
        draft.replace(self.path)

    def _strike(self, method: str, when: str) -> None:
        if self.fault is None or self.fault[:2] != (method, when):
            return
        if self.fault[2] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise StoreError("Milvus is away.")
