"""Documents become chunks with exact spans: walk, read in a child process, split, write, remember."""
