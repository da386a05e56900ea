"""The Model Context Protocol: `search`, `ask` and `get_source` as tools for other agents."""
