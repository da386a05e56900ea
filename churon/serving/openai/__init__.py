"""OpenAI's protocol: every graph is a model."""
