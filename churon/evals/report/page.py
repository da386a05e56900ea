"""The report as one HTML file: style, script and data are in it, and it asks for nothing else.

Its policy allows this very style and script by their hashes, no address at all, and, where a
browser knows Trusted Types, no text as markup. What rows hold is data: JSON without a tag in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

from churon.evals.report.joined import joined
from churon.evals.report.view import View
from churon.evals.report.words import LANGUAGES, words
from churon.tools.types import Language

_SHEETS = ("base", "report", "figures", "plots", "table", "sheet", "reading", "print")
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def page(view: View, language: Language | None = None) -> str:
    """The whole file; without a language it opens in the browser's."""
    style, script = _style(), _script()
    data = {**view, "language": language}
    told = {one: words(one) for one in LANGUAGES}
    return Template(_static("report.html")).substitute(
        policy=policy(style, script),
        language=language or "en",
        style=style,
        script=script,
        words=embedded(told),
        data=embedded(data),
    )


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types"
    )


def embedded(value: Any) -> str:
    """JSON that no HTML parser can mistake: half a surrogate pair, which UTF-8 cannot hold, becomes
    a question mark.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode("utf-8").translate(_ESCAPES)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


@cache
def _static(name: str) -> str:
    shared = files("churon.look") / name
    place = shared if shared.is_file() else files("churon.evals.report.static") / name
    return place.read_text("utf-8")


def _style() -> str:
    return "\n" + "\n".join(_static(f"{name}.css") for name in _SHEETS)


def _script() -> str:
    folders = files("churon.look"), files("churon.evals.report.static")
    found = [one.name for folder in folders for one in folder.iterdir()]
    names = [name for name in found if name.endswith(".js")]
    modules = {name.removesuffix(".js"): _static(name) for name in names}
    return "\n" + joined(modules, "report")
