"""A value that could never work fails at start, and is not quoted."""

import json

import pytest
from pydantic import SecretStr

import settings as configuration
from proxy import outgoing
from settings import Settings, SettingsError
from streaming.errors import UnknownModel
from telemetry.sinks import event_hubs

AZURE = {
    "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
}
OPENAI = {"OPENAI_BASE_URL": "http://x.example/v1", "OPENAI_MODEL": "org/llama 3"}
ENDPOINT, NAMED = "Endpoint=sb://n.example/", "SharedAccessKeyName=send"
CONN_STR = f"{ENDPOINT};{NAMED};SharedAccessKey=the-secret="


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return configuration.load()


def refused(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, **environment)
    assert "the-secret" not in str(raised.value)
    return str(raised.value)


def backends(**fields: str) -> str:
    return json.dumps([{"endpoint": "https://x.example", "deployment": "d"} | fields])


def plain(key: SecretStr | None) -> str | None:
    return key.get_secret_value() if key else None


def test_white_space_around_a_value_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that a secret is read from ends in a line end."""
    loaded = load(
        monkeypatch,
        AZURE_OPENAI_ENDPOINT="https://name.openai.azure.com/\n",
        AZURE_OPENAI_DEPLOYMENT="gpt-4o\r\n",
        AZURE_OPENAI_API_KEY=" the-secret\n",
        AZURE_OPENAI_API_VERSION="2025-01-01\n",
        AZURE_OPENAI_REGION="Sweden Central\n",
        AZURE_EVENTHUB_NAMESPACE="name.servicebus.windows.net\n",
        AZURE_EVENTHUB_NAME="telemetry\n",
        CHAT_CHAIN=" docs",
    )
    assert loaded.azure_openai_region == "Sweden Central"
    assert loaded.azure_eventhub_namespace == "name.servicebus.windows.net"
    assert (loaded.azure_eventhub_name, loaded.chat_chain) == ("telemetry", "docs")
    [backend] = loaded.backends
    assert backend.endpoint == "https://name.openai.azure.com"
    assert backend.deployment == "gpt-4o"
    assert plain(backend.api_key) == "the-secret"
    assert loaded.azure_openai_api_version == "2025-01-01"
    openai = {**OPENAI, "OPENAI_MODEL": "llama\n", "OPENAI_API_KEY": "the-secret\n"}
    [backend] = load(monkeypatch, **dict.fromkeys(AZURE, ""), **openai).backends
    assert (backend.deployment, plain(backend.api_key)) == ("llama", "the-secret")


@pytest.mark.parametrize("blank", [" ", "\n"])
def test_a_blank_value_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, blank: str
) -> None:
    names = ("OPENAI_API_KEY", "AZURE_OPENAI_API_VERSION", "AZURE_OPENAI_REGION")
    loaded = load(monkeypatch, **dict.fromkeys(names, blank))
    assert loaded.openai_api_key is None
    assert loaded.azure_openai_api_version == Settings().azure_openai_api_version
    assert loaded.azure_openai_region is None


def test_a_region_that_no_header_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"AZURE_OPENAI_BACKENDS": backends(region="Schweden\nMitte")}
    told = refused(monkeypatch, **listed)
    assert (
        told
        == "AZURE_OPENAI_BACKENDS.0.region: expected a region such as Sweden Central"
    )


def test_so_it_is_in_a_list_of_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = backends(api_key="the-secret\n", deployment="gpt-4o\n")
    [backend] = load(monkeypatch, AZURE_OPENAI_BACKENDS=listed).backends
    assert (backend.deployment, plain(backend.api_key)) == ("gpt-4o", "the-secret")


@pytest.mark.parametrize(
    "key", ["the-secret\nof", "the-secret of", "the-secreté", "the-secret\x00"]
)
def test_a_key_that_no_header_can_hold(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    expected = "expected a key: printable ASCII, no white space inside"
    listed = {"AZURE_OPENAI_BACKENDS": backends(api_key=key)}
    where = "AZURE_OPENAI_BACKENDS.0.api_key"
    assert refused(monkeypatch, **listed) == f"{where}: {expected}"
    if "\x00" in key:
        return  # No environment has it.
    given = {**AZURE, "AZURE_OPENAI_API_KEY": key}
    assert refused(monkeypatch, **given) == f"AZURE_OPENAI_API_KEY: {expected}"
    given = {**OPENAI, "OPENAI_API_KEY": key}
    assert refused(monkeypatch, **given) == f"OPENAI_API_KEY: {expected}"


def test_a_key_of_callers_that_none_can_send(monkeypatch: pytest.MonkeyPatch) -> None:
    message = "API_KEYS: an entry has a line end or another control character"
    assert refused(monkeypatch, API_KEYS="one,the-secret\ntwo") == message


@pytest.mark.parametrize(
    "name", ["a/b", "gpt?x=1", "gpt 4o", ".", "..", "é", "a#b", "a%2fb", "x" * 65]
)
def test_a_name_that_no_deployment_has(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is the rule for what callers name: they would be answered 404."""
    for setting, where in {
        "AZURE_OPENAI_DEPLOYMENT": "AZURE_OPENAI_DEPLOYMENT",
        "AZURE_OPENAI_ALLOWED_DEPLOYMENTS": "AZURE_OPENAI_ALLOWED_DEPLOYMENTS.0",
    }.items():
        message = refused(monkeypatch, **{**AZURE, setting: name})
        assert message.startswith(f"{where}: expected a deployment's name")
    listed = {"AZURE_OPENAI_BACKENDS": backends(deployment=name)}
    message = refused(monkeypatch, **listed)
    assert message.startswith(
        "AZURE_OPENAI_BACKENDS.0.deployment: expected a deployment's name"
    )
    with pytest.raises(UnknownModel):
        built(load(monkeypatch, **AZURE), name)


@pytest.mark.parametrize("name", ["gpt-4o", "a.b_C-9", "...", "x" * 64])
def test_a_name_that_a_deployment_may_have(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    loaded = load(monkeypatch, **{**AZURE, "AZURE_OPENAI_DEPLOYMENT": name})
    assert built(loaded, name).path.startswith("chat/completions?")


def built(settings: Settings, deployment: str) -> outgoing.Outgoing:
    return outgoing.build(
        settings, b"{}", {}, {}, operation="chat/completions", deployment=deployment
    )


def test_other_servers_name_models_as_they_like(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load(monkeypatch, **OPENAI).deployment == "org/llama 3"


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("AZURE_OPENAI_API_VERSION", "2024-10-21&x=1", "a date such as 2024-10-21"),
        ("AZURE_OPENAI_ENDPOINT", "https://na me.example", "a URL such as"),
        ("AZURE_OPENAI_ENDPOINT", "https://name.\nexample", "a URL such as"),
        ("AZURE_OPENAI_ENDPOINT", "https://<name>.openai.azure.com", "a URL such as"),
        ("AZURE_OPENAI_ENDPOINT", "https://name.openai.azure.com;", "a URL such as"),
        ("AZURE_OPENAI_ENDPOINT", "https://name.openai.azure.com%20", "a URL such as"),
        ("AZURE_OPENAI_ENDPOINT", "https://name..azure.com", "a URL such as"),
    ],
)
def test_what_would_make_another_address(
    monkeypatch: pytest.MonkeyPatch, setting: str, value: str, expected: str
) -> None:
    message = refused(monkeypatch, **{**AZURE, setting: value})
    assert message.startswith(f"{setting}: expected {expected}")


@pytest.mark.parametrize(
    "value",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://openrouter.ai/api/v1/Chat/Completions/",
        "http://127.0.0.1:8000/v1/responses",
        "http://127.0.0.1:8000/v1/embeddings",
        "http://127.0.0.1:11434/v1/models",
        "https://gateway.example/v1?code=the-secret",
        "https://gateway.example/v1#the-secret",
        "https://user:the-secret@gateway.example/v1",
    ],
)
def test_a_base_url_that_is_more_than_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    message = refused(monkeypatch, **{**OPENAI, "OPENAI_BASE_URL": value})
    assert message.startswith("OPENAI_BASE_URL: expected the address that operations")


@pytest.mark.parametrize(
    "value",
    [
        "http://127.0.0.1:11434/v1",
        "http://[::1]:8000/v1",
        "http://bücher.example/v1",
        "http://model_server:8000",
        "https://generativelanguage.googleapis.com/v1beta/openai",
    ],
)
def test_a_base_url_may_be_below_any_path_of_any_host(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    loaded = load(monkeypatch, **{**OPENAI, "OPENAI_BASE_URL": f"{value}/"})
    assert loaded.backends[0].endpoint == value


@pytest.mark.parametrize(
    ("conn_str", "message"),
    [
        (CONN_STR.replace("n.example/", ""), "Endpoint has no host, expected"),
        (CONN_STR.replace("sb://", ""), "Endpoint has no host, expected"),
        (CONN_STR.replace("n.example", "n:the-secret"), "Endpoint has no host"),
        (f"{CONN_STR};SharedAccessKey=the-secret", "part 4 between the semicolons is "),
        (f"{CONN_STR};sharedaccesskey=the-secret", "part 4 between the semicolons is "),
        (f"{CONN_STR};the-secret", "part 4 between the semicolons is not NAME=VALUE"),
        (f"{CONN_STR};EntityPath=", "part 4 between the semicolons is not NAME=VALUE"),
        (f"{CONN_STR};=the-secret", "part 4 between the semicolons is not NAME=VALUE"),
        (f"{CONN_STR}é", "expected printable ASCII"),
        (f"{ENDPOINT};{NAMED};SharedAccessSignature=s", "SharedAccessKey is missing, "),
    ],
)
def test_a_connection_string_that_no_client_takes(
    monkeypatch: pytest.MonkeyPatch, conn_str: str, message: str
) -> None:
    given = {"AZURE_EVENTHUB_CONN_STR": conn_str, "AZURE_EVENTHUB_NAME": "hub"}
    said = refused(monkeypatch, **given)
    assert said.startswith(f"AZURE_EVENTHUB_CONN_STR: {message}")


@pytest.mark.parametrize(
    "conn_str",
    [
        CONN_STR,
        f" {CONN_STR};\n",
        CONN_STR.replace(";", " ; "),
        CONN_STR.replace(";", ";;"),
        CONN_STR.replace("n.example/", "127.0.0.1:5671"),
        f"{CONN_STR};UseDevelopmentEmulator=true",
        f"{ENDPOINT};SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1",
    ],
)
def test_one_that_is_taken_is_taken_by_the_sdk_as_well(
    monkeypatch: pytest.MonkeyPatch, conn_str: str
) -> None:
    given = {"AZURE_EVENTHUB_CONN_STR": conn_str, "AZURE_EVENTHUB_NAME": "hub"}
    client = event_hubs._connect(load(monkeypatch, **given))
    assert client.eventhub_name == "hub"
