"""The case memory: questions with the plans that answered them ("learnable", arXiv 2504.13534)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from langchain_core.documents import Document
from typing_extensions import TypedDict

from churon.tools.korean import detect_language
from churon.tools.types import Language, PlanStep

if TYPE_CHECKING:
    from churon.tools.store import Store


class Case(TypedDict):
    """One question whose answer was verified, with its plan."""

    id: str
    question: str
    plan: list[PlanStep]
    language: Language
    created: str
    """When it was last remembered: ISO 8601, UTC, to the microsecond."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CaseMemory:
    """Cases in a Milvus collection of their own, found by the meaning of their question.

    Every method raises StoreError where Milvus fails. A tenant sees, caps and forgets its own cases
    only; None is the tenant without a name, also where the store's searches would show it all.
    """

    store: Store
    collection: str
    clock: Callable[[], datetime] = _now
    """Gives the present, with its time zone."""

    async def similar(
        self, question: str, n: int = 2, ef: int = 100, *, tenant: str | None = None
    ) -> list[Case]:
        """The `n` cases of the nearest questions, best first; [] while there are none.

        No least similarity is asked for: what cosine is far depends on the embedding model (e5
        gives unrelated questions 0.7 to 0.8), and a plan's form can be of use from afar.
        """
        where = self._where(tenant)
        if not await self.store.count(**where):
            return []  # a search takes a missing collection for a mistake
        return _cases(await self.store.search(question, k=n, ef=ef, mode="dense", **where))

    async def remember(
        self, question: str, plan: Sequence[PlanStep], *, keep: int, tenant: str | None = None
    ) -> None:
        """Keep a plan in place of an earlier one of the same question; the oldest go beyond `keep`.

        Questions that differ in case, width or spacing are the same. The new case always stays.
        """
        created = self.clock().astimezone(UTC).isoformat(timespec="microseconds")
        new = Document(
            id=case_id(question, tenant),
            page_content=question.strip(),
            metadata={"plan": [dict(step) for step in plan], "created": created},
        )
        where = self._where(tenant)
        await self.store.upsert([new], **where)
        if await self.store.count(**where) > keep:
            older = [one["id"] for one in await self.all(tenant=tenant) if one["id"] != new.id]
            await self.forget(older[: max(len(older) + 1 - keep, 0)], tenant=tenant)

    async def all(self, *, tenant: str | None = None) -> list[Case]:
        """Every case, oldest first."""
        found = _cases(await self.store.documents(**self._where(tenant)))
        return sorted(found, key=lambda case: (case["created"], case["id"]))

    async def forget(self, ids: Sequence[str], *, tenant: str | None = None) -> int:
        """Delete by id; how many cases there were to delete."""
        return await self.store.delete(ids, **self._where(tenant))

    def _where(self, tenant: str | None) -> dict[str, Any]:
        # "" and not None, which would be every tenant's: a question can hold a secret, and one
        # tenant's cap must not delete another's cases
        return {"tenant": tenant or "", "collection": self.collection}


def case_id(question: str, tenant: str | None) -> str:
    """The same for the same question of the same tenant, but for case, width and spacing."""
    plain = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    key = f"{len(tenant or '')}:{tenant or ''}{plain}"  # the length keeps the two apart
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _cases(documents: Sequence[Document]) -> list[Case]:
    # Someone may have named a collection of passages like ours: those are none, and stay
    return [_case(document) for document in documents if "plan" in document.metadata]


def _case(document: Document) -> Case:
    return Case(
        id=str(document.id),
        question=document.page_content,
        plan=document.metadata["plan"],
        language=detect_language(document.page_content),
        created=document.metadata["created"],
    )
