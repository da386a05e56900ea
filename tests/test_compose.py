"""compose.yaml, Dockerfile and .env.example, as far as they can be read without an engine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from churon.tools.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
GIVEN = {"COMPOSE_KEY_SHA256": "0" * 64, "LANGFUSE_PUBLIC_KEY": "pk-lf-1"}


@pytest.fixture(scope="module")
def services() -> Any:
    return yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]


def filled(value: str) -> str:
    """As compose does it: a variable, or what follows `:-`."""
    return re.sub(
        r"\$\{(\w+)(?::([-?])([^}]*))?\}",
        lambda found: GIVEN.get(found[1], found[3] if found[2] == "-" else ""),
        value,
    )


def test_its_settings_are_settings(
    services: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = services["churon"]["environment"]
    for name, value in environment.items():
        monkeypatch.setenv(name, filled(str(value)))
    monkeypatch.setenv("CHURON_PRESET", "ollama")
    monkeypatch.setenv("CHURON_SERVE__HOST", "0.0.0.0")
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.chat.base_url == settings.embedding.base_url == "http://ollama:11434"
    assert settings.store.uri == "http://milvus:19530"
    assert settings.serve.keys["compose"].sha256 == "0" * 64


def test_every_port_is_this_machines_alone(services: Any) -> None:
    ports = [port for one in services.values() for port in one.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_a_service_waits_for_is_there(services: Any) -> None:
    for one in services.values():
        for name, how in one.get("depends_on", {}).items():
            waited = services[name]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in waited, name


def test_the_image_gets_every_folder_of_the_package() -> None:
    copied = set(
        re.findall(
            r"^COPY --chown=churon (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
        )
    )
    assert copied == {"churon", "graphs", "nodes", "tools"}


def test_the_volume_lands_on_a_folder_of_the_images_user(services: Any) -> None:
    [mount] = [volume.split(":")[1] for volume in services["churon"]["volumes"]]
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    assert lines.index(f"RUN install -d -o churon -g churon {mount}") < lines.index("USER churon")


def test_its_own_variables_do_not_look_like_settings() -> None:
    named = set(re.findall(r"\$\{(\w+)", (ROOT / "compose.yaml").read_text("utf-8")))
    assert {"COMPOSE_KEY_SHA256", "COMPOSE_MODEL"} <= named
    # `langgraph dev` loads the same .env, and unknown CHURON_ names are refused
    assert not [name for name in named if name.startswith("CHURON_")]


def test_the_example_of_an_env_file_loads_in_a_shell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = (ROOT / ".env.example").read_text("utf-8")
    lines = re.findall(r"^# (CHURON_\w+=.*)$", text, re.MULTILINE)
    (tmp_path / ".env").write_text("\n".join(lines), "utf-8")
    shell = "set -a; . ./.env; set +a; env -0"
    told = subprocess.run(["sh", "-c", shell], cwd=tmp_path, capture_output=True, text=True)
    assert told.stderr == ""
    values = dict(pair.split("=", 1) for pair in told.stdout.split("\0") if "=" in pair)
    for name in (line.split("=")[0] for line in lines):
        monkeypatch.setenv(name, values[name])
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.trace.redact == ["email", "phone"]
    assert set(settings.trace.headers) == {"x-api-key"}
