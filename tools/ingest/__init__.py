"""Documents become chunks with exact spans: walk, read in a child, split, write, remember."""
