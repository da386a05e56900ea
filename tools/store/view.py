"""langchain-milvus's vector store without pymilvus's ORM; importing this loads both libraries."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from langchain_milvus import Milvus


class View(Milvus):
    """langchain-milvus 0.3 on a collection that exists, described by the client that searches it.

    0.3 itself asks the ORM, which warns that it will go, and in pymilvus 2.6 does not know the
    connection of a `MilvusClient` (langchain-milvus issue 130). 0.4 asks the client too, but it
    makes milvus-lite, and so faiss and pyarrow, a requirement of those who use a server.
    """

    @cached_property
    def col(self) -> dict[str, Any]:
        """The description of the collection; not None tells the base class that it exists."""
        description: dict[str, Any] = self.client.describe_collection(self.collection_name)
        return description

    def _extract_fields(self) -> None:
        self.fields = [field["name"] for field in self.col["fields"]]

    def _get_index(self, field_name: str | None = None) -> dict[str, Any] | None:
        # Not cached: the base class asks before and after it has built an index
        for name in self.client.list_indexes(self.collection_name):
            index = self.client.describe_index(self.collection_name, name)
            if index["field_name"] == (field_name or self._vector_field):
                return {
                    "collection": self.collection_name,
                    "field": index["field_name"],
                    "index_name": name,
                    "index_param": {key: index[key] for key in ("metric_type", "index_type")},
                }
        return None
