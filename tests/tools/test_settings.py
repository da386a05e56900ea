"""Settings that are refused: what is said of them, and that it holds no secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from churon.tools.errors import SettingsError
from churon.tools.settings import load_settings

Load = Callable[[str], str]


@pytest.fixture
def refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """What is said of a churon.toml, or of variables alone where it is empty."""
    monkeypatch.chdir(tmp_path)

    def load(toml: str = "") -> str:
        (tmp_path / "churon.toml").write_text(toml, "utf-8")
        with pytest.raises(SettingsError) as caught:
            load_settings()
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))
        return str(caught.value)

    return load


@pytest.mark.parametrize(
    ("toml", "name"),
    [
        ('password = "hunter2"', "password"),
        ('[store]\npassword = "hunter2secret"', "store.password"),
        ('[chat]\nauthorization = "Bearer hunter2"', "chat.authorization"),
        ('[context.limits]\ntoken = "hunter2"', "context.limits.token"),
        ("[chat]\napi_key = ['hunter2']", "chat.api_key"),
        ('langfuse = "hunter2"', "langfuse"),
        ('context.limits = "hunter2"', "context.limits"),
        ('trace.headers = "x-team=hunter2"', "trace.headers"),
        ("[trace.headers]\nAuthorization = {word = 'hunter2'}", "trace.headers.Authorization"),
        ("[trace.headers]\nx-team = ['hunter2']", "trace.headers.x-team"),
        ('[serve.keys.kim]\nsha256 = "hunter2"', "serve.keys.kim.sha256"),
        ('[store]\nuri = ["http://kim:hunter2@host"]', "store.uri"),
        ('[trace]\nendpoint = "kim:hunter2@host/v1/traces"', "trace.endpoint"),
    ],
)
def test_a_refused_secret_is_not_repeated(refusal: Load, toml: str, name: str) -> None:
    told = refusal(toml)
    assert f"The setting {name} is refused: " in told or f"There is no setting {name!r}." in told


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        ("nope = 1", "There is no setting 'nope'. `churon config` shows every name"),
        ("k2 = 3", "There is no setting 'k2'. Did you mean 'context.k2'?"),
        ("store.url = 'x'", "There is no setting 'store.url'. Did you mean 'store.uri'?"),
        ("context.limits.call = 3", "Did you mean 'context.limits.calls'?"),
        ("store.uri = 'ftp://x'", "store.uri='ftp://x' is refused: Milvus is at an address such"),
    ],
)
def test_a_name_or_address_that_is_none(refusal: Load, toml: str, told: str) -> None:
    assert told in refusal(toml)


def test_a_folder_in_the_place_of_the_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "churon.toml").mkdir()
    with pytest.raises(SettingsError, match=r"'churon\.toml' cannot be read: Is a directory"):
        load_settings()


@pytest.mark.parametrize("header", ["Authorization", "x-team"])
def test_a_header_that_is_a_number_is_not_repeated(refusal: Load, header: str) -> None:
    assert "12345678" not in refusal(f"[trace.headers]\n{header} = 12345678")


@pytest.mark.parametrize("key", ["hunter2\\rx", "a\\nhunter2", "hunter2-비밀", "hunter2\\u200b"])
@pytest.mark.parametrize("name", ["chat.api_key", "embedding.api_key", "rerank.api_key"])
def test_a_key_that_no_header_can_hold_is_refused(refusal: Load, name: str, key: str) -> None:
    told = refusal(f'{name} = "{key}"')
    assert f"The setting {name} is refused: " in told
    assert "refused: holds characters that no HTTP header can" in told


def test_a_header_that_none_can_be_is_refused(refusal: Load) -> None:
    told = refusal('[trace.headers]\nAuthorization = "Bearer\\r hunter2"')
    assert "trace.headers.Authorization is refused: " in told and "no HTTP header" in told


def test_keys_and_headers_lose_blanks_and_line_ends_around_them() -> None:
    key = {"api_key": " word\r\n"}
    given = {"chat": key, "embedding": key, "rerank": key, "trace": {"headers": {"x": "a b\n"}}}
    settings = load_settings(**given)
    for part in (settings.chat, settings.embedding, settings.rerank):
        assert part.api_key and part.api_key.get_secret_value() == "word"
    assert settings.trace.headers["x"].get_secret_value() == "a b"


@pytest.mark.parametrize(
    "url",
    [
        "not a url",
        "localhost:1",
        "ftp://x",
        "http://",
        "http://[::1",
        "http://x:99999",
        "http://xn--.x",
    ],
)
@pytest.mark.parametrize("part", ["chat", "embedding"])
def test_what_is_no_address_is_refused(refusal: Load, part: str, url: str) -> None:
    told = refusal(f"[{part}]\nprovider = 'openai'\nbase_url = '{url}'")
    assert f"{part}.base_url='{url}' is refused: " in told
    assert "no http:// or https:// address" in told


def test_a_refused_addresss_key_is_not_repeated(refusal: Load) -> None:
    assert "chat.base_url" in refusal("chat.base_url = 'ftp://x/v1?token=hunter2'")


@pytest.mark.parametrize("url", ["", "http://[::1]:1/v1", "https://kim:word@추론.kr", "HTTP://h"])
def test_addresses_are_taken(url: str) -> None:
    assert load_settings(chat={"base_url": f" {url}\n"}).chat.base_url == url


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("localhost:11434", "http://localhost:11434"),
        ("127.0.0.1:80/a", "http://127.0.0.1:80/a"),
        ("gpu-box", "http://gpu-box:11434"),
        ("[::1]/a", "http://[::1]:11434/a"),
        ("https://gpu-box", "https://gpu-box"),
    ],
)
def test_ollamas_address_needs_no_scheme(address: str, url: str) -> None:
    given = {"base_url": address, "provider": "ollama"}
    settings = load_settings(chat=given, embedding=given)
    assert settings.chat.base_url == settings.embedding.base_url == url


@pytest.mark.parametrize("address", ["x:99999", "ftp://kim:hunter2@x:1", "[::1", "/a"])
def test_what_is_no_address_of_ollama_is_refused(refusal: Load, address: str) -> None:
    told = refusal(f"[embedding]\nprovider = 'ollama'\nbase_url = '{address}'")
    assert "no http:// or https:// address" in told


def test_a_secret_in_a_wrong_place_is_masked(refusal: Load) -> None:
    told = refusal('[chat]\nprovider = "sk-hunter2hunter2"')
    assert "The setting chat.provider='[secret]' is refused: Input should be 'embedded'" in told


@pytest.mark.parametrize("target", ["nowhere.toml", "churon.toml"])
def test_a_link_that_leads_nowhere_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("churon.toml").symlink_to(target)
    with pytest.raises(
        SettingsError, match=r"'churon\.toml' cannot be read: .*must be, or lead to, a file"
    ):
        load_settings()


def test_a_mark_at_the_beginning_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_text("[context]\nk2 = 7\n", "utf-8-sig")
    assert load_settings(path).context.k2 == 7


def test_a_section_as_a_variable_is_not_repeated(
    refusal: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHURON_LANGFUSE", '"sk-lf-hunter2"')
    assert "The setting langfuse is refused: " in refusal("")
    monkeypatch.setenv("CHURON_LANGFUSE", '{"secret_key": "sk-lf-hunter2",}')
    assert "The variable CHURON_LANGFUSE is no JSON" in refusal("")


def test_other_values_are_named(refusal: Load) -> None:
    assert "The setting context.k2=99 is refused: " in refusal("[context]\nk2 = 99")


@pytest.mark.parametrize("name", ["relevanse", "relevance.kr", "support.", "Support"])
def test_a_calibration_of_no_label_set_is_refused(refusal: Load, name: str) -> None:
    told = refusal(f'[critic.calibration.m."{name}"]\ntemperature = 2')
    assert f"The setting critic.calibration.m.{name} is refused: " in told
    assert "known are retrieve, relevance, support" in told and ".en or .ko" in told


def test_calibrations_of_label_sets_are_taken() -> None:
    table = {name: {"temperature": 2.0} for name in ("relevance", "relevance.ko", "judged.en")}
    found = load_settings(critic={"calibration": {"m": table}})
    assert set(found.critic.calibration["m"]) == set(table)


@pytest.mark.parametrize(
    ("redact", "why"),
    [
        ("emails", "no known name (email, phone)"),
        ("phone-number", r"a word itself is written as \bphone-number\b"),
        ("ipv4", "no known name"),
        ("", "the empty text matches"),
        ("x*", "the empty text matches"),
        ("(", "not a regular expression"),
    ],
)
def test_what_would_redact_nothing_or_everything_is_refused(
    refusal: Load, redact: str, why: str
) -> None:
    assert why in refusal(f"[trace]\nredact = ['email', '{redact}']")


@pytest.mark.parametrize("redact", ["email", "phone", r"K-\d+", r"\bhalden\b", "Halden"])
def test_names_and_expressions_are_taken(redact: str) -> None:
    assert load_settings(trace={"redact": [redact]}).trace.redact == [redact]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CHURON_SERVE__MODELS", "a,b"),
        ("CHURON_TRACE__HIDE", "passages"),
        ("CHURON_TRACE__REDACT", r'["K-\d{6}"]'),
    ],
)
def test_a_list_that_is_no_json_is_named(
    refusal: Load, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv("CHURON_CONTEXT__K2", "4")
    monkeypatch.setenv("CHURON_SERVE__COLLECTIONS", '["c"]')
    monkeypatch.setenv(variable, value)
    told = refusal("")
    assert f"The variable {variable} is no JSON: " in told
    assert 'Write lists as JSON, such as ["a", "b"]' in told


def test_what_kubernetes_says_of_a_service_with_our_name_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SERVICE_HOST": "10.0.0.1", "SERVICE_PORT": "8000", "SERVICE_PORT_HTTP": "8000",
        "PORT": "tcp://10.0.0.1:8000", "PORT_8000_TCP": "tcp://10.0.0.1:8000",
        "PORT_8000_TCP_PROTO": "tcp", "PORT_8000_TCP_PORT": "8000",
        "PORT_8000_TCP_ADDR": "10.0.0.1", "PORT_53_UDP": "udp://10.0.0.1:53",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CHURON_{name}", value)
    assert load_settings().serve.port == 8_000


@pytest.mark.parametrize("name", ["COLOUR", "SERVE_PORT", "PORTS", "SERVICE", "CHAT_MODEL", "HOST"])
def test_other_unknown_variables_are_refused(
    refusal: Load, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"CHURON_{name}", "8000")
    told = refusal("")
    assert f"The variable CHURON_{name} is not a setting" in told and "serve, store" in told
