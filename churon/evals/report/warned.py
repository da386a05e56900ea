"""What a reader must know before believing a figure, in both languages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from churon.evals.metrics import counts
from churon.evals.metrics.judged import judged
from churon.evals.metrics.outcome import answered, unshortened
from churon.evals.report.compared import Compared, Grouped
from churon.evals.report.gather import Gathered
from churon.evals.report.origin import mixed
from churon.evals.report.words import LANGUAGES, both, say
from churon.evals.types import Row

Phrase = dict[str, str]


def warned(
    gathered: Gathered, grouped: Grouped, found: Compared, a: str, pooled: Collection[str]
) -> list[Phrase]:
    """The gravest first; empty where nothing is to be said."""
    told = [*_refused(found, a), *left_out(gathered), *_apart(grouped, pooled)]
    return [*told, *_rows(grouped), *_pairs(found)]


def _refused(found: Compared, a: str) -> Iterator[Phrase]:
    for set_, variant, error in found.refused:
        fields = "; ".join(f"{name}: {was!r}, {now!r}" for name, (was, now) in error.unlike.items())
        options = " ".join(f"--allow {name}" for name in sorted(error.unlike))
        why = both(f"refused.{error.why}", a=a, fields=fields[:600], options=options)
        yield {
            language: say(language, "warn.refused", set=set_, variant=variant, why=why[language])
            for language in LANGUAGES
        }


def left_out(gathered: Gathered) -> Iterator[Phrase]:
    """What of the files is no part of the rows."""
    for key, count in (("torn", gathered.torn), ("odd", gathered.odd), ("older", gathered.older)):
        if count:
            yield both(f"warn.{key}", n=count)


def _apart(grouped: Grouped, pooled: Collection[str]) -> Iterator[Phrase]:
    """Variants that were not asked all sets."""
    names = dict.fromkeys(name for variants in grouped.values() for name in variants)
    if apart := [name for name in names if name not in pooled]:
        yield both("warn.apart", variants=", ".join(apart))


def _rows(grouped: Grouped) -> Iterator[Phrase]:
    for set_, variants in grouped.items():
        sizes = {name: len(rows) for name, rows in variants.items()}
        if any(a != b for a, b in pairwise(sizes.values())):
            said = ", ".join(f"{name} {n}" for name, n in sizes.items())
            yield both("warn.unequal", set=set_, sizes=said)
        yield from _ended(set_, variants)
        halves = {name: sum(map(unshortened, rows)) for name, rows in variants.items()}
        if any(halves.values()):
            said = ", ".join(f"{name} {n}/{sizes[name]}" for name, n in halves.items() if n)
            yield both("warn.unshortened", set=set_, sizes=said)
        yield from _judged(set_, variants)
        for name, rows in variants.items():
            if fields := mixed(rows):
                yield both("warn.mixed", set=set_, variant=name, fields=", ".join(fields[:6]))
        cases = {row["case"]["id"]: row["case"] for rows in variants.values() for row in rows}
        unseen = sum("unreviewed" in one.get("tags", []) for one in cases.values())
        if unseen:
            yield both("warn.unreviewed", set=set_, n=unseen, of=len(cases))


def _ended(set_: str, variants: Mapping[str, Sequence[Row]]) -> Iterator[Phrase]:
    found = {name: counts(rows) for name, rows in variants.items()}
    for key in ("errors", "without", "degraded"):
        sizes = [
            f"{name} {n}/{one.rows}" for name, one in found.items() if (n := getattr(one, key))
        ]
        if sizes:
            yield both(f"warn.{key}", set=set_, sizes=", ".join(sizes))


def _judged(set_: str, variants: Mapping[str, Sequence[Row]]) -> Iterator[Phrase]:
    found = {name: judged(rows) for name, rows in variants.items()}
    every = judged(row for rows in variants.values() for row in rows)
    if len(every.judges) > 1:
        yield both("warn.judges", set=set_, judges=every.models())
    if 0 < every.done < every.due:
        sizes = ", ".join(f"{name} {one.done}/{one.due}" for name, one in found.items())
        yield both("warn.unjudged", set=set_, sizes=sizes)
    if every.silent:
        sizes = ", ".join(f"{name} {one.silent}" for name, one in found.items() if one.silent)
        yield both("warn.silent", set=set_, sizes=sizes)
    models = {model for model, _ in every.judges}
    own = [name for name, rows in variants.items() if any(_by(row, models) for row in rows)]
    if own:
        yield both("warn.own_judge", set=set_, judge=every.models(), variants=", ".join(own))


def _by(row: Row, models: Collection[str]) -> bool:
    return answered(row) and row["provenance"]["model"] in models


def _alone(found: Compared) -> Iterator[Phrase]:
    """One line a set, however many variants are compared in it."""
    for name in dict.fromkeys(set_ for set_, _ in found.pairings):
        of = [one for set_, one in found.pairings if set_ == name]
        sizes = {one.b: len(one.only_a) + len(one.only_b) for one in of}
        if any(sizes.values()):
            said = ", ".join(f"{b} {n}" for b, n in sizes.items() if n)
            yield both("warn.alone", set=name, a=of[0].a, sizes=said)


def _pairs(found: Compared) -> Iterator[Phrase]:
    yield from _alone(found)
    for set_, one in found.pairings:
        if not one.timed_alike:
            yield both("warn.untimed", set=set_, a=one.a, b=one.b)
        if one.allowed:
            fields = ", ".join(one.allowed)
            yield both("warn.allowed", set=set_, a=one.a, b=one.b, fields=fields)
