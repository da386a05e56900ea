"""Our own door: one question, and what happens with it as typed events."""
