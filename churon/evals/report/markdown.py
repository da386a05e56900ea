"""A summary for a pull request: the same table and sentences as the page's, always the same text
for the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from churon.evals.report.numbers import digits, number, span
from churon.evals.report.view import View
from churon.evals.report.words import say
from churon.tools.types import Language

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~@$])")
_COUNTS = ("rows", "errors", "abstained", "without")
_HOW = ("findings.how", "findings.together")


def markdown(view: View, language: Language = "en") -> str:
    """Headline table a set, sentences a comparison, warnings."""
    t = partial(say, language)
    names = ", ".join(one["name"] for one in view["sets"])
    parts = [f"## {plain(t('markdown.title', sets=names))}", t("markdown.how")]
    for one in [view["together"], *view["sets"]] if view["together"] else view["sets"]:
        parts += [f"### {_named(one['name'], language)}", "\n".join(_table(one, language))]
        if "judged" in one["shown"]:
            parts.append(plain(t("markdown.judge", judge=one["judge"])))
    if view["comparisons"]:
        parts += [f"### {t('part.findings')}", "\n".join(_findings(view, language)).strip()]
        parts.append(" ".join(map(t, _HOW if view["together"] else _HOW[:1])))
    if view["warnings"]:
        said = "\n".join(f"- {plain(one[language])}" for one in view["warnings"])
        parts += [f"### {t('part.warnings')}", said]
    return "\n\n".join(parts) + "\n"


def _table(one: View, language: Language) -> Iterator[str]:
    variants = one["variants"]
    yield _line([say(language, "table.measure"), *(plain(v["name"]) for v in variants)])
    yield "|---|" + "---:|" * len(variants)
    for name in _COUNTS:
        yield _line([say(language, f"table.{name}"), *(str(v["counts"][name]) for v in variants)])
    for name in one["shown"]:
        cells = [_cell(name, v["figures"].get(name)) for v in variants]
        yield _line([say(language, f"measure.{name}"), *cells])


def _cell(name: str, figure: View | None) -> str:
    if figure is None:
        return "–"
    places = digits(name)
    between = span(figure["low"], figure["high"], places)
    return number(figure["value"], places) + (f" ({between})" if between else "")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _findings(view: View, language: Language) -> Iterator[str]:
    titled = ("", "")
    for one in view["comparisons"]:
        if (one["set"], one["b"]) != titled:
            titled = (one["set"], one["b"])
            head = say(language, "findings.against", a=one["a"], b=one["b"])
            yield f"\n**{plain(head)}** ({_named(one['set'], language)})\n"
        yield f"- {plain(one['said'][language])}"


def _named(set_: str, language: Language) -> str:
    return plain(set_ or say(language, "set.together"))


def plain(text: str) -> str:
    """On one line, with nothing that Markdown, HTML or a forge's mentions could take as theirs."""
    return _SIGNS.sub(r"\\\1", " ".join(text.split()))
