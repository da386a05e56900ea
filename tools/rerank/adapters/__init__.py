"""Doors to the reranker for libraries other than LangChain, all over one RerankCompressor."""
