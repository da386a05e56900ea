"""All that a report shows, as plain data: what the page embeds and Markdown is written from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from churon.evals.compare import Comparison
from churon.evals.metrics import MEASURES, latencies
from churon.evals.metrics.judged import judged
from churon.evals.report import curves
from churon.evals.report.compared import TOGETHER, Compared, Grouped, compared
from churon.evals.report.figures import figures, shown, tally
from churon.evals.report.gather import Gathered
from churon.evals.report.numbers import digits
from churon.evals.report.origin import origin
from churon.evals.report.sentences import finding, sentence
from churon.evals.report.sides import parting, side
from churon.evals.report.texts import Texts
from churon.evals.report.warned import warned
from churon.evals.report.words import LANGUAGES
from churon.evals.types import Row
from churon.tools.errors import InputError

View = dict[str, Any]


def view(
    gathered: Gathered, a: str | None = None, b: str | None = None, allow: Collection[str] = ()
) -> View:
    """`a` is the variant that others are held against (the first one), `b` the only other to
    compare (all). Raises InputError for a variant without rows.
    """
    grouped = group(gathered.rows)
    names = list(dict.fromkeys(row["variant"] for row in gathered.rows))
    first, others = chosen(names, a, b)
    everywhere = [name for name in names if all(name in one for one in grouped.values())]
    found = compared(grouped, first, others, allow, everywhere)
    texts = Texts(gathered.rows)
    return {
        "a": first,
        "others": others,
        "variants": names,
        "until": max(row["at"] for row in gathered.rows),
        "together": _together(grouped, everywhere),
        "sets": [
            {**_figured(name, variants), "origin": origin(variants)}
            for name, variants in grouped.items()
        ],
        "comparisons": comparisons(found),
        "questions": questions(grouped, first, texts),
        "texts": texts.held,
        "warnings": warned(gathered, grouped, found, first, everywhere),
    }


def group(rows: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
    """By set, then variant."""
    made: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        variants = made.setdefault(row["provenance"]["set"], {})
        variants.setdefault(row["variant"], []).append(row)
    return made


def chosen(names: Sequence[str], a: str | None, b: str | None) -> tuple[str, list[str]]:
    """The baseline and the others."""
    unknown = [name for name in (a, b) if name is not None and name not in names]
    if unknown:
        raise InputError(
            f"No rows of the variant {unknown[0]!r}.", remedy=f"There are {', '.join(names)}."
        )
    first = a or next(name for name in names if name != b or len(names) == 1)
    return first, [name for name in ([b] if b else names) if name != first]


def _together(grouped: Grouped, everywhere: Sequence[str]) -> View | None:
    """The figures over all sets, of the variants that were asked each: those over unlike sets must
    not stand side by side.
    """
    if len(grouped) < 2 or not everywhere:
        return None
    rows = {name: [row for one in grouped.values() for row in one[name]] for name in everywhere}
    return _figured(TOGETHER, rows)


def _figured(name: str, variants: dict[str, list[Row]]) -> View:
    every = [row for rows in variants.values() for row in rows]
    told = [_variant(name, rows) for name, rows in variants.items()]
    held = shown([one["figures"] for one in told])
    return {
        "name": name,
        "shown": [name for name in held if comparable(name, told, variants)],
        "judge": judged(every).models(),
        "variants": told,
    }


def comparable(name: str, told: Sequence[View], variants: dict[str, list[Row]]) -> bool:
    """The figures of variants that have this one may stand beside each other."""
    rows = [row for one in told if name in one["figures"] for row in variants[one["name"]]]
    return name not in MEASURES or MEASURES[name].together(rows)


def _variant(name: str, rows: list[Row]) -> View:
    stages = {stage: vars(one) for stage, one in latencies(rows).items()}
    return {
        "name": name,
        "counts": tally(rows),
        "figures": figures(rows),
        "recall": curves.recall(rows),
        "critic": curves.critic(rows),
        "stages": stages,
    }


def comparisons(found: Compared) -> list[View]:
    """Each with its sentence in both languages."""
    return [_comparison(set_, one, found.family(set_, one)) for set_, one in found.comparisons]


def _comparison(set_: str, one: Comparison, family: int) -> View:
    said = {language: sentence(one, family, language) for language in LANGUAGES}
    told = {"finding": finding(one), "digits": digits(one.measure), "said": said}
    return {"set": set_, **vars(one), **told, "better": MEASURES[one.measure].better}


def questions(grouped: Grouped, a: str, texts: Texts) -> list[View]:
    """Every case with its runs by variant and, of each beside A, where the two part."""
    made: dict[tuple[str, str], View] = {}
    for set_, variants in grouped.items():
        for name, rows in variants.items():
            for row in rows:
                place = (set_, row["case"]["id"])
                one = made.setdefault(place, {"set": set_, "case": row["case"], "runs": {}})
                one["runs"][name] = side(row, texts)
    for one in made.values():
        base = one["runs"].get(a)
        others = [(name, run) for name, run in one["runs"].items() if name != a and base]
        one["parting"] = {name: parting(base, run) for name, run in others if "error" not in run}
    return list(made.values())
