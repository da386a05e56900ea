"""Passages in Milvus; opening the store is what loads pymilvus."""

from churon.tools.store.milvus import Mode, Store

__all__ = ["Mode", "Store"]
