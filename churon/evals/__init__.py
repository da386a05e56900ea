"""Proving it: datasets, runs over them, metrics, comparisons, reports, tuning."""
