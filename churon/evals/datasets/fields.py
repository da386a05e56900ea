"""Fields of one record, each checked; a wrong one is an error that names file, line and field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churon.tools.errors import InputError
from churon.tools.korean import spelt

_YES = frozenset({"yes", "y", "true", "1", "o", "예", "네", "참", "사실"})
_NO = frozenset({"no", "n", "false", "0", "x", "아니요", "아니오", "거짓"})
_LANGUAGES = {"en": "en", "english": "en", "ko": "ko", "korean": "ko", "한국어": "ko"}


def refused(path: Path, place: str, problem: str, remedy: str) -> InputError:
    """The one error of a bad file: `place` is "line 3" or "data[0].paragraphs[2]"."""
    return InputError(f"{str(path)!r}, {place}: {problem}.", remedy=remedy)


@dataclass(frozen=True)
class Fields:
    """One record of a file, and where it stands."""

    path: Path
    place: str
    values: Mapping[str, Any]

    def bad(self, name: str, problem: str, remedy: str) -> InputError:
        """The error to raise for one field."""
        return refused(self.path, self.place, f"the field {name!r} {problem}", remedy)

    def text(self, *names: str) -> str:
        """The text of the first of these fields that is there; it must not be empty."""
        value = self.optional(*names)
        if not value:
            raise self.bad(names[0], "is missing or empty", "Fill it in, or remove the record.")
        return value

    def optional(self, *names: str) -> str:
        """As `text`, but "" where there is none. Numbers are taken as they are written."""
        for name in names:
            value = self.values.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, bool) or not isinstance(value, str | int | float):
                raise self.bad(name, f"is {kind(value)}, not text", "Write one text there.")
            return str(value).strip()
        return ""

    def texts(self, *names: str) -> list[str]:
        """A list of texts from the first of these fields that is there; one text counts as one."""
        for name in names:
            value = self.values.get(name)
            if value is None or value == "":
                continue
            given = value if isinstance(value, list) else [value]
            if any(
                isinstance(one, bool) or not isinstance(one, str | int | float) for one in given
            ):
                raise self.bad(name, "is not a list of texts", 'Write for example ["1912"].')
            return list(dict.fromkeys(text for one in given if (text := str(one).strip())))
        return []

    def flag(self, name: str) -> bool | None:
        """Yes or no, in either language; None where it is not said."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return value
        said = spelt(str(value)).strip().casefold()
        if said in _YES or said in _NO:
            return said in _YES
        if not said:
            return None
        raise self.bad(name, f"is {value!r}", "Write yes or no, or leave it empty.")

    def language(self, *names: str) -> str:
        """en or ko, of "ko-KR" and "en_US" too; "" where it is not said."""
        given = self.optional(*names)
        known = _LANGUAGES.get(re.split("[-_]", spelt(given).casefold())[0], "")
        if given and not known:
            raise self.bad(names[0], f"is {given!r}", "Write en or ko, or leave it empty.")
        return known

    def items(self, name: str) -> list[Any]:
        """A list of whatever."""
        value = self.values.get(name, [])
        if not isinstance(value, list):
            raise self.bad(name, f"is {kind(value)}, not a list", "Check the file's format.")
        return value

    def inner(self, name: str) -> list[Fields]:
        """A list of records."""
        return [
            self.record(f"{name}[{number}]", one) for number, one in enumerate(self.items(name))
        ]

    def record(self, place: str, value: Any) -> Fields:
        """A record inside this one."""
        where = f"{self.place}.{place}" if self.place else place
        if not isinstance(value, Mapping):
            raise refused(
                self.path,
                where,
                f"there is {kind(value)}, not an object",
                "Check the file's format.",
            )
        return Fields(self.path, where, value)


def verdict(text: str) -> bool | None:
    """Whether a short answer is nothing but yes or no. One Latin letter or digit is neither: "x"
    and "1" answer other questions.
    """
    said = text.strip().rstrip(".").casefold()
    other = said.isascii() and len(said) < 2
    return said in _YES if not other and (said in _YES or said in _NO) else None


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "nothing" if value is None else names.get(type(value), "a number")
