"""Settings: synonyms, blanks, and a clear message at start for what cannot work."""

import pytest

import settings as configuration
from chains import Chains
from settings import SettingsError
from settings.mistyped import mistyped
from settings.platform import Platform

AZURE = {
    "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com/",
    "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
}


@pytest.fixture(autouse=True)
def only_what_the_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in configuration.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(monkeypatch: pytest.MonkeyPatch, **settings: str) -> configuration.Settings:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return configuration.load()


def test_with_nothing_set_the_documentation_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(monkeypatch)
    assert settings.default_chain == "docs"
    assert settings.auth_level == "function"
    assert settings.deployments == ()
    assert not settings.local


def test_blank_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    blank = {name.upper(): "" for name in configuration.Settings.model_fields}
    assert load(monkeypatch, **blank) == configuration.Settings()


def test_the_names_of_other_systems_are_understood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(
        monkeypatch,
        OpenAIEndpoint="https://x.example",
        AZURE_OPENAI_KEY="key",
        AZURE_OPENAI_CHAT_DEPLOYMENT="gpt-4o",
        OPENAI_API_VERSION="2025-01-01",
    )
    assert settings.azure_openai_endpoint == "https://x.example"
    assert settings.azure_openai_api_key is not None
    assert settings.azure_openai_api_key.get_secret_value() == "key"
    assert settings.azure_openai_deployment == "gpt-4o"
    assert settings.azure_openai_api_version == "2025-01-01"


@pytest.mark.parametrize(
    ("endpoint", "deployment"),
    [
        ("AZURE_OPENAI_BASE_URL", "AZURE_OPENAI_MODEL"),
        ("OpenAIEndpoint", "OpenAIOptions__DeployName"),
    ],
)
def test_each_pair_of_other_names_configures_a_model(
    monkeypatch: pytest.MonkeyPatch, endpoint: str, deployment: str
) -> None:
    settings = load(monkeypatch, **{endpoint: "https://x.example", deployment: "d"})
    assert settings.model_configured
    assert settings.azure_openai_deployment == "d"


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_setting_does_not_hide_its_other_name(
    monkeypatch: pytest.MonkeyPatch, blank: str
) -> None:
    settings = load(
        monkeypatch,
        AZURE_OPENAI_ENDPOINT=blank,
        AZURE_OPENAI_BASE_URL="https://x.example",
        AZURE_OPENAI_DEPLOYMENT="d",
    )
    assert settings.azure_openai_endpoint == "https://x.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OpenAIEndpoint", "x"),
        ("OpenAIOptions__DeployName", "a b"),
        ("AZURE_OPENAI_KEY", "a b"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
    ],
)
def test_a_bad_setting_is_named_as_it_was_set(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected "):
        load(monkeypatch, **{name: value})


def test_the_settings_own_name_comes_before_a_synonym(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(monkeypatch, **AZURE, AZURE_OPENAI_MODEL="other")
    assert settings.azure_openai_deployment == "gpt-4o"
    assert settings.azure_openai_endpoint == "https://name.openai.azure.com"
    assert settings.default_chain == "chat"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"AZURE_OPENAI_ENDPOINT": "https://x"}, "AZURE_OPENAI_DEPLOYMENT is missing"),
        ({"AZURE_OPENAI_DEPLOYMENT": "x"}, "AZURE_OPENAI_ENDPOINT is missing"),
        ({"AZURE_OPENAI_API_KEY": "x"}, "AZURE_OPENAI_ENDPOINT is missing"),
        ({"OPENAI_BASE_URL": "http://x"}, "OPENAI_MODEL is missing"),
        ({"OPENAI_MODEL": "x"}, "OPENAI_BASE_URL is missing"),
        ({**AZURE, "OPENAI_BASE_URL": "http://x", "OPENAI_MODEL": "m"}, "exclude"),
        ({**AZURE, "AZURE_OPENAI_ENDPOINT": "name.azure.com"}, "AZURE_OPENAI_ENDPOINT"),
        ({"MAX_MESSAGES": "many"}, "MAX_MESSAGES"),
        ({"MAX_MESSAGES": "0"}, "MAX_MESSAGES"),
        ({"KEEPALIVE_SECONDS": "-1"}, "KEEPALIVE_SECONDS"),
        ({"KEEPALIVE_SECONDS": "nan"}, "KEEPALIVE_SECONDS"),
        ({"HTTP_AUTH_LEVEL": "open"}, "HTTP_AUTH_LEVEL"),
        ({"API_KEYS": "one,,two"}, "API_KEYS: an entry between the commas is blank"),
        ({"API_KEYS": "one,"}, "API_KEYS: an entry between the commas is blank"),
        ({"API_KEYS": " "}, "API_KEYS: an entry between the commas is blank"),
        ({"API_KEYS": "one", "HTTP_AUTH_LEVEL": "function"}, "HTTP_AUTH_LEVEL"),
        ({"API_KEYS": "one", "HTTP_AUTH_LEVEL": "admin"}, "API_KEYS"),
        ({"AZURE_OPENAI_ALLOWED_DEPLOYMENTS": "a"}, "AZURE_OPENAI_ENDPOINT is missing"),
        ({"CALLER_SYSTEM_PROMPT": "maybe"}, "CALLER_SYSTEM_PROMPT"),
        ({"PAGES": "maybe"}, "PAGES: expected true or false"),
        ({"OPENAI_BASE_URL": "x"}, "a URL such as https://api.openai.com/v1"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "x"}, "a URL such as http://127.0.0.1:4318"),
        ({"CHAINS": "x= :y"}, "CHAINS: expected name=module:attribute, got 'x= :y'"),
        ({"CHAINS": "mine"}, "CHAINS: expected name=module:attribute, got 'mine'"),
        ({"CHAINS": "chat=tests:x"}, "CHAINS: 'chat' is the name of a built-in chain"),
        ({"CHAINS": "x=no_such_module:x"}, "there is no module 'no_such_module'"),
        ({"CHAINS": "x=settings:build"}, "'settings' of 'x' is named like this app's"),
        ({"CHAINS": "x=server.mine:build"}, "'server.mine' of 'x' is named like this"),
        ({"CHAINS": "x=function_app:x"}, "this app's own 'function_app': rename it"),
        ({"CHAINS": "x=tests:x,x=tests:y"}, "CHAINS: 'x' is there twice"),
        ({"DOCS_PATH": "/no/such/folder"}, "DOCS_PATH: there is no file or folder"),
        ({"CHAT_CHAIN": "nope"}, "CHAT_CHAIN: unknown chain 'nope', expected one of"),
    ],
)
def test_a_bad_setting_is_named_at_start(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], names: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        Chains(load(monkeypatch, **settings))
    assert names in str(raised.value)


@pytest.mark.parametrize(
    "secret",
    [
        {"AZURE_OPENAI_API_KEY": "the-secret", "MAX_MESSAGES": "the-secret"},
        {"API_KEYS": "the-secret,"},
        {"API_KEYS": "the-secret", "HTTP_AUTH_LEVEL": "function"},
    ],
)
def test_a_secret_is_in_no_message(
    monkeypatch: pytest.MonkeyPatch, secret: dict[str, str]
) -> None:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, **secret)
    assert "the-secret" not in str(raised.value)


def test_a_single_endpoint_is_one_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch, **AZURE, AZURE_OPENAI_REGION="westeurope")
    [backend] = settings.backends
    assert backend.endpoint == "https://name.openai.azure.com"
    assert (backend.deployment, backend.region) == ("gpt-4o", "westeurope")


def test_api_keys_take_the_place_of_function_keys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(monkeypatch, API_KEYS=" one , two")
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert settings.auth_level == "anonymous"
    assert "two" not in repr(settings)
    assert load(monkeypatch, HTTP_AUTH_LEVEL="anonymous").auth_level == "anonymous"


def test_the_configured_deployment_may_be_called_unless_others_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load(monkeypatch, **AZURE).deployments == ("gpt-4o",)
    allowed = {"AZURE_OPENAI_ALLOWED_DEPLOYMENTS": "gpt-4o-mini, embed ,"}
    assert load(monkeypatch, **allowed).deployments == ("gpt-4o-mini", "embed")


def test_an_openai_compatible_servers_model_may_be_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(monkeypatch, OPENAI_BASE_URL="http://x/v1", OPENAI_MODEL="llama")
    assert settings.deployments == ("llama",)


@pytest.mark.parametrize(
    ("environment", "settings", "open_to_anyone"),
    [
        ({"WEBSITE_INSTANCE_ID": "i"}, {"HTTP_AUTH_LEVEL": "anonymous"}, True),
        ({"WEBSITE_POD_NAME": "p"}, {"HTTP_AUTH_LEVEL": "anonymous"}, True),
        ({"CONTAINER_APP_REPLICA_NAME": "r"}, {"HTTP_AUTH_LEVEL": "anonymous"}, True),
        ({"WEBSITE_INSTANCE_ID": "i"}, {"HTTP_AUTH_LEVEL": "function"}, False),
        ({"WEBSITE_INSTANCE_ID": "i"}, {"API_KEYS": "one"}, False),
        (
            {"WEBSITE_INSTANCE_ID": "i", "WEBSITE_AUTH_ENABLED": "True"},
            {"HTTP_AUTH_LEVEL": "anonymous"},
            False,
        ),
        ({"WEBSITE_AUTH_ENABLED": "False"}, {"HTTP_AUTH_LEVEL": "anonymous"}, False),
    ],
)
def test_on_azure_it_is_known_whether_anyone_may_call(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    settings: dict[str, str],
    open_to_anyone: bool,
) -> None:
    loaded = load(monkeypatch, **settings, **environment)
    assert Platform().open_to_anyone(loaded) is open_to_anyone


def test_openais_key_alone_configures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not load(monkeypatch, OPENAI_API_KEY="x").model_configured


def test_chains_and_levels_are_read_as_people_write_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = load(
        monkeypatch, CHAINS=" a=m:x , b = p.q : y.z ,", HTTP_AUTH_LEVEL="ANONYMOUS"
    )
    assert settings.chains == {"a": "m:x", "b": "p.q:y.z"}
    assert settings.http_auth_level == "anonymous"


def test_a_name_of_somebody_elses_setting_is_none_of_ours_mistyped() -> None:
    names = ["MAX_MESAGES", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "PATH"]
    [message] = mistyped(names)
    assert message == "MAX_MESAGES is no setting: did you mean MAX_MESSAGES?"
