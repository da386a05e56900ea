"""Tuning: fit settings on one half of a set, and say on the other half what that gained."""
