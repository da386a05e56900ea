"""How a row ended: an error, an abstention, an answer, or none of them."""

from __future__ import annotations

from churon.evals.types import Row


def failed(row: Row) -> bool:
    """The run raised; nothing but that is known of it."""
    return "error" in row


def abstained(row: Row) -> bool:
    """The run said that the documents do not hold the answer.

    A budget that ended before there was an answer is no abstention: it says nothing of documents.
    """
    return not failed(row) and row.get("status") == "abstained"


def answered(row: Row) -> bool:
    """The run gave an answer: a claim, or, in a row without a list of claims, any text."""
    if failed(row) or abstained(row):
        return False
    return bool(row["claims"] if "claims" in row else row.get("answer", "").strip())


def unshortened(row: Row) -> bool:
    """There is an answer, and cutting it down to a phrase failed."""
    return "error" in row.get("shortening", {})
