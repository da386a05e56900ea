"""LangServe: every graph is a runnable."""
