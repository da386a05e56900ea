"""Settings open the models that they name, or say what to fetch."""

from __future__ import annotations

import sys

import pytest
from support.scripted import scripted_port

from churon.tools.errors import ModelMissing
from churon.tools.models.critic import LetterCritic
from churon.tools.models.factory import open_chat, open_critic, open_embeddings
from churon.tools.models.reflection import ReflectionTokenCritic
from churon.tools.settings import load_settings


def test_a_missing_embedded_model_names_the_pull_command(tmp_path) -> None:
    settings = load_settings(preset="embedded", models={"folder": str(tmp_path)})
    with pytest.raises(ModelMissing, match=r"churon models pull qwen2\.5-coder-1\.5b"):
        open_chat(settings)
    with pytest.raises(ModelMissing, match=r"churon models pull qwen2\.5-coder-0\.5b"):
        open_chat(settings, "qwen2.5-coder-0.5b")
    with pytest.raises(ModelMissing, match="churon models pull multilingual-e5-small"):
        open_embeddings(settings)


def test_a_missing_file_and_an_unknown_name_are_told_apart(tmp_path) -> None:
    settings = load_settings(preset="embedded", models={"folder": str(tmp_path)})
    with pytest.raises(ModelMissing, match="no model file"):
        open_chat(settings, str(tmp_path / "mine.gguf"))
    with pytest.raises(ModelMissing, match="'gpt-9'"):
        open_chat(settings, "gpt-9")


def test_the_ollama_preset_opens_without_a_server() -> None:
    settings = load_settings(preset="ollama", chat={"context_length": 4096})
    port = open_chat(settings, "llama3.2:3b")
    assert port.name == "llama3.2:3b" and port.context_length == 4096
    assert port.model.num_ctx == 4096 and port.model.keep_alive == "10m"
    embeddings = open_embeddings(settings)
    assert embeddings.dimensions == 512
    assert embeddings.query_prefix.startswith("Represent this sentence")
    assert embeddings.document_prefix == ""


def test_openai_without_its_extra_names_the_pip_command(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_openai", None)
    given = {"provider": "openai", "model": "x", "base_url": "http://127.0.0.1:9/v1"}
    settings = load_settings(chat=given, embedding=given)
    for open_it in (open_chat, open_embeddings):
        with pytest.raises(ModelMissing, match=r"pip install 'churon\[openai\]'"):
            open_it(settings)


def test_the_critic_follows_its_setting() -> None:
    port = scripted_port(lambda messages, kwargs: "Y")
    assert isinstance(open_critic(load_settings(), port), LetterCritic)
    settings = load_settings(critic={"kind": "reflection_tokens"})
    assert isinstance(open_critic(settings, port), ReflectionTokenCritic)
