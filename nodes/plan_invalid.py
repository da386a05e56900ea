"""What can be wrong with a plan, said in both languages: to the model that repairs it, and to who
wrote it.
"""

from __future__ import annotations

from typing import Any, Literal

from churon.tools.types import Language

Fault = Literal[
    "no_list", "length", "same_id", "lost", "circle", "no_question", "asks", "op", "id"
]  # fmt: skip
_SAID: dict[Fault, dict[Language, str]] = {
    "no_list": {"en": "it is no list of steps.", "ko": "단계의 목록이 아닙니다."},
    "length": {
        "en": "it has {n} steps; 1 to {most} are allowed.",
        "ko": "단계가 {n}개입니다. 1~{most}개여야 합니다.",
    },
    "same_id": {"en": "two steps have the same id.", "ko": "id가 같은 단계가 둘 있습니다."},
    "lost": {
        "en": "step {id} refers to #{to}, which is no step.",
        "ko": "{id}단계가 가리키는 #{to}에 해당하는 단계가 없습니다.",
    },
    "circle": {
        "en": "steps wait for one another in a circle.",
        "ko": "단계들이 서로를 돌아가며 기다립니다.",
    },
    "no_question": {"en": "step {n} has no question.", "ko": "{n}단계에 질문이 없습니다."},
    "asks": {
        "en": "step {n} asks nothing, or more than {most} characters.",
        "ko": "{n}단계가 아무것도 묻지 않거나 {most}자를 넘습니다.",
    },
    "op": {
        "en": "step {n} has the unknown op {op!r}.",
        "ko": "{n}단계의 op {op!r}: 모르는 종류입니다.",
    },
    "id": {
        "en": "step {n} has the id {id!r} or no list of dependencies.",
        "ko": "{n}단계의 id({id!r})가 잘못되었거나 depends_on이 목록이 아닙니다.",
    },
}
_WHOLE: dict[Language, str] = {
    "en": "The plan is not valid: {problem}",
    "ko": "계획이 올바르지 않습니다: {problem}",
}


class PlanInvalid(ValueError):
    """Why a plan cannot be executed."""

    def __init__(self, fault: Fault, **values: Any) -> None:
        self._fault, self._values = fault, values
        super().__init__(self.said("en"))

    def said(self, language: Language) -> str:
        """The end of a sentence: for the repair prompt."""
        return _SAID[self._fault][language].format(**self._values)

    def told(self, language: Language) -> str:
        """The whole sentence: for a person."""
        return _WHOLE[language].format(problem=self.said(language))
