"""Any LangChain chat model as a `ChatPort`, without log-probs and schemas: prompts say in words
which label or JSON is wanted, and the critic takes the label that the answer names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from churon.tools.errors import ChuronError, ModelError
from churon.tools.models.base import ChatPort, Completion, OnToken, Want

CONTEXT_LENGTH = 8_192
"""Tokens, where the model's profile does not tell."""
_FIELDS = {
    "max_tokens": ("max_tokens", "max_output_tokens", "num_predict"),
    "temperature": ("temperature",),
    "seed": ("seed",),
}
"""What packages call the fields that a `Want` is about."""


_LEAST_TOKENS = 16
"""Some servers refuse fewer, and a label may come in a sentence."""


class PlainDialect:
    """Only `stop`, which all chat models but those that think take: other keywords differ by
    package.
    """

    def __init__(self, thinks: bool) -> None:
        self.thinks = thinks

    def kwargs(self, want: Want) -> dict[str, Any]:
        """Keyword arguments for `ainvoke` and `astream`."""
        return {"stop": list(want.stop)} if want.stop and not self.thinks else {}

    def check(self, message: AIMessage) -> None:
        """Nothing that all packages hint at alike."""


@dataclass(frozen=True)
class LangChainPort(ChatPort):
    """Each call goes to a copy of the model whose fields say what is wanted."""

    async def complete(
        self, messages: Sequence[BaseMessage], want: Want, on_token: OnToken | None = None
    ) -> Completion:
        """As `ChatPort.complete`; whatever the model's package raises is a ModelError."""
        try:
            return await super().complete(messages, want, on_token)
        except ChuronError:
            raise
        except Exception as error:  # packages have errors of their own
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            raise ModelError(f"The chat model {self.name!r} failed: {said}.") from error

    def asked(self, want: Want) -> BaseChatModel:
        """The model with these tokens, temperature and seed, where it has such fields; one that
        thinks is left as it is, as its thoughts are written in the same tokens.
        """
        if _thinks(self.model):
            return self.model
        want = replace(want, max_tokens=max(_LEAST_TOKENS, want.max_tokens))
        fields = type(self.model).model_fields
        wanted = {
            name: value
            for knob, names in _FIELDS.items()
            for name in names
            if name in fields and (value := getattr(want, knob)) is not None
        }
        return self.model.model_copy(update=wanted)


def port_of(model: BaseChatModel) -> ChatPort:
    """The port of a model that was made elsewhere."""
    return LangChainPort(
        model,
        PlainDialect(_thinks(model)),
        _name(model),
        _profile(model).get("max_input_tokens") or CONTEXT_LENGTH,
        frozenset(),
    )


def _thinks(model: BaseChatModel) -> bool:
    """By the package's own account of the model; such models also refuse a temperature."""
    told = _profile(model)
    return told.get("reasoning_output") is True or told.get("temperature") is False


def _profile(model: BaseChatModel) -> Mapping[str, Any]:
    return getattr(model, "profile", None) or {}


def _name(model: BaseChatModel) -> str:
    named = (getattr(model, field, None) for field in ("model_name", "model", "model_id"))
    return next((one for one in named if isinstance(one, str) and one), type(model).__name__)
