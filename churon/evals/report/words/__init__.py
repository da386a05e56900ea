"""The report's phrases in English and Korean: Python and the page read the same files."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from churon.tools.types import Language

LANGUAGES: tuple[Language, Language] = ("en", "ko")


@cache
def words(language: Language) -> dict[str, str]:
    """All phrases by key."""
    text = (files(__name__) / f"{language}.json").read_text("utf-8")
    made: dict[str, str] = json.loads(text)
    return made


def say(language: Language, key: str, **values: object) -> str:
    """One phrase with its values; a key that nobody translated is said as it is."""
    phrase = words(language).get(key)
    return key.partition(".")[2] if phrase is None else phrase.format(**values)


def both(key: str, **values: object) -> dict[str, str]:
    """The phrase in each language."""
    return {language: say(language, key, **values) for language in LANGUAGES}
