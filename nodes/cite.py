"""Citations, built by code from passage ids; a key that the model invents is dropped. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from churon.nodes.brackets import STOPS, hidden, reads_as_index, seen, widened
from churon.nodes.sentences import sentences
from churon.tools.korean import detect_language
from churon.tools.types import Claim, Evidence

# One way to match: nested repeats would take exponential time on "[" and a run of digits; and a run
# of blanks is begun at its first, or it would take quadratic time
_KEYS = re.compile(r"(?<!\s)\s*\[(\s*\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\]")
# Commas of a list of keys, "in 1898 [1], [2]."
_LEFT_OVER = re.compile(r"(?:\s*[,;])+(?=[.!?。！？]?$)")
# The beginning of one, where a text that is being written ends
_OPEN = re.compile(r"\s{0,40}(?:\[[\d,\s]{0,40})?\Z")
_RANGE = re.compile(r"\[\s*(\d{1,3})\s*[-–~]\s*(\d{1,3})\s*\]")
_MOST = 20
"""Numbers of a range of keys; a longer one is of something else."""
# What `with_keys` writes
_WRITTEN = re.compile(r"(?<!\s)\s+\[\d{1,3}\]")
OPENS_WITH_KEY = re.compile(r"[\s\-*•]*\[\d")
_ENDS_WITH_KEY = re.compile(r"\]\W*$")
_SHARED = 0.2
"""Share of a statement's bigrams that makes a line its quote."""


@dataclass(frozen=True)
class Cited:
    """An answer without keys, its sentences as claims, and how many keys were invented."""

    answer: str
    claims: list[Claim]
    invented: int


def cite(text: str, passages: Sequence[Evidence]) -> Cited:
    """Read `[n]` keys (1-based into `passages`) per sentence; a key after the full stop counts.

    A sentence loses the `[title]` that prompts show before a passage. A passage's own bracket, as
    in `items[0]`, is no key.
    """
    claims: list[Claim] = []
    invented = 0
    headings = [f"[{passage['title']}]" for passage in passages if passage["title"]]
    for part in sentences(_keys_in_place(hidden(widened(text), passages))):
        numbers = [int(n) for keys in _KEYS.findall(part) for n in re.findall(r"\d+", keys)]
        known = [n for n in dict.fromkeys(numbers) if 1 <= n <= len(passages)]
        invented += len([n for n in numbers if not 1 <= n <= len(passages)])
        if plain := _LEFT_OVER.sub("", _without(headings, _KEYS.sub("", part).strip())):
            claims.append(claim(seen(plain), [passages[n - 1]["id"] for n in known]))
    return Cited(" ".join(c["text"] for c in claims), claims, invented)


def _without(headings: Sequence[str], sentence: str) -> str:
    """The sentence without the heading of its passage, which small models copy before it."""
    found = next((one for one in headings if sentence.startswith(one)), "")
    return sentence.removeprefix(found).strip()


def claim(text: str, evidence_ids: list[str]) -> Claim:
    """A sentence that was not checked yet."""
    return Claim(text=text, support="unchecked", support_score=None, evidence_ids=evidence_ids)


def attribute(claims: Sequence[Claim], passages: Sequence[Evidence]) -> list[Claim]:
    """Give each sentence without a key the passage that shares most with it, if any does.

    Where the passages are in another language nothing is shared: the first one, which was ranked
    best, is then checked for it.
    """
    return [one if one["evidence_ids"] else _attributed(one, passages) for one in claims]


def _attributed(one: Claim, passages: Sequence[Evidence]) -> Claim:
    shares = {p["id"]: overlap(one["text"], p["text"]) for p in passages}
    best = max(shares, key=lambda key: shares[key], default="")
    if shares.get(best):
        return {**one, "evidence_ids": [best]}
    own = detect_language(one["text"])
    foreign = [p["id"] for p in passages if detect_language(p["text"]) != own]
    return {**one, "evidence_ids": foreign[:1]}


def nearer(statement: str, cited: Sequence[Evidence], held: Sequence[Evidence]) -> Evidence | None:
    """The passage that shares most with a statement, where that is none of those it cites."""
    shares = {one["id"]: overlap(statement, one["text"]) for one in [*cited, *held]}
    best = max(held, key=lambda one: shares[one["id"]], default=None)
    least = max([_SHARED, *(shares[one["id"]] for one in cited)])
    return best if best is not None and shares[best["id"]] > least else None


def numbering(claims: Sequence[Claim]) -> dict[str, int]:
    """Passage id -> source number, in order of first use."""
    ids = [key for claim in claims for key in claim["evidence_ids"]]
    return {key: number for number, key in enumerate(dict.fromkeys(ids), 1)}


def with_keys(claims: Sequence[Claim]) -> str:
    """The claims as text, each with the numbers of its sources; "" for none."""
    numbers = numbering(claims)
    return " ".join(
        claim["text"] + "".join(f" [{numbers[key]}]" for key in claim["evidence_ids"])
        for claim in claims
    )


def without_keys(text: str) -> str:
    """The text as it was before `with_keys`."""
    return _WRITTEN.sub("", text).strip()


def bare(text: str, passages: Sequence[Evidence]) -> str:
    """A text whose prompt asked for no keys, without those that its sentences begin or end with, or
    that number one of the passages.
    """
    parts = [_clipped(part) for part in sentences(_keys_in_place(hidden(widened(text), passages)))]

    def own(found: re.Match[str]) -> str:
        numbers = {int(number) for number in re.findall(r"\d+", found[1])}
        return "" if numbers <= set(range(1, len(passages) + 1)) else found[0]

    return seen(_KEYS.sub(own, " ".join(part for part in parts if part)))


def unkeyed(text: str, passages: Sequence[Evidence]) -> str:
    """A text without citation keys, wherever they stand: a list has one behind each item."""
    return seen(_KEYS.sub("", _keys_in_place(hidden(widened(text), passages))))


def _clipped(sentence: str) -> str:
    keys = [found.span() for found in _KEYS.finditer(sentence)]
    begin, end = 0, len(sentence.rstrip(STOPS + " \"'”’)"))
    stop = sentence[end:]
    for start, past in reversed(keys):
        if past == end:
            end = len(sentence[:start].rstrip(" ,;"))
    for start, past in keys:
        if start == begin:
            begin = past
    return f"{sentence[begin:end]}{stop}".strip() if begin < end else ""


class Renumbered:
    """Keys of a text that is still being written, numbered as `numbering` will number them.

    The model counts the passages that it was shown, the reader those that are cited. Without these
    passages only an index that can be nothing else is left alone, as `f(x)[1]`.
    """

    def __init__(self) -> None:
        self._held = self._before = ""
        self._numbers: dict[str, int] = {}

    def __call__(self, piece: str) -> str:
        """What can be shown now; a key that is not complete is held back."""
        text = self._held + widened(piece)
        start = _OPEN.search(text).start()  # type: ignore[union-attr]
        self._held = text[start:]
        shown = _KEYS.sub(self._key, text[:start])
        self._before = (self._before + text[:start])[-80:]
        return shown

    def rest(self) -> str:
        """What was held back at the end."""
        held, self._held = self._held, ""
        return held

    def _key(self, found: re.Match[str]) -> str:
        given = dict.fromkeys(re.findall(r"\d+", found[1]))
        before = self._before + found.string[: found.start(1) - 1]
        if reads_as_index(before, [int(n) for n in given]):
            return found[0]
        numbers = [self._numbers.setdefault(n, len(self._numbers) + 1) for n in given]
        return "".join(f" [{n}]" for n in numbers)


def quote(statement: str, passage: str) -> str:
    """The sentence or line of `passage` that shares most with the statement: exact characters.

    The whole passage where no line shares enough, as when it is in another language.
    """
    lines = [part for line in passage.splitlines() for part in sentences(line)]
    best = max(lines, key=lambda line: overlap(statement, line), default="")
    return best if overlap(statement, best) >= _SHARED else passage.strip()


def overlap(statement: str, text: str) -> float:
    """Share of the statement's character bigrams found in the text, in [0, 1]; any script.

    Length-damped, so that of two sentences with the same share the shorter wins.
    """
    wanted, held = _bigrams(statement), _bigrams(text)
    return len(wanted & held) / (len(wanted) + 0.05 * len(held)) if wanted else 0.0


def alike(one: str, other: str) -> float:
    """The smaller share of bigrams that two texts have of each other, in [0, 1]."""
    return min(overlap(one, other), overlap(other, one))


def _bigrams(text: str) -> set[str]:
    words = re.findall(r"\w+", text.casefold())
    return {word[i : i + 2] for word in words for i in range(max(1, len(word) - 1))}


def _keys_in_place(text: str) -> str:
    """Keys as `[1]`, in the sentence that they are of: before its stop, "… at noon [1].".

    A text that opens with a key and ends without one has each before its sentence.
    """
    text = _RANGE.sub(_spread, text)
    if OPENS_WITH_KEY.match(text) and not _ENDS_WITH_KEY.search(text):
        return text
    return re.sub(r"([.!?。！？][\"'”’]*)((?:\s*\[[\d, ]{1,40}\])+)", r"\2\1", text)


def _spread(found: re.Match[str]) -> str:
    first, last = int(found[1]), int(found[2])
    if not 0 < last - first < _MOST:
        return found[0]
    return f"[{', '.join(map(str, range(first, last + 1)))}]"
