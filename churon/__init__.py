"""churon: reasoning RAG over your own Korean and English documents."""
