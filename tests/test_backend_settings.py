"""`AZURE_OPENAI_BACKENDS`: the list, and what is wrong with it."""

import pytest

from settings import SettingsError
from tests.test_settings import AZURE, load

ENTRY = '{"endpoint": "https://one.example/", "deployment": "gpt-4o"}'
SHOUTED = '{"endpoint": "HTTPS://ONE.EXAMPLE:443", "deployment": "gpt-4o"}'


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("the-secret", "expected a JSON list: Expecting value at line 1"),
        ("[]", "expected a JSON list of one object or more"),
        ("{}", "expected a JSON list of one object or more"),
        (f'[{ENTRY}, "the-secret"]', ".1: expected a JSON object"),
        (f'[{ENTRY}, {{"endpoint": "https://x"}}]', ".1.deployment: is missing"),
        (f'[{{"deployment": "x"}}, {ENTRY}]', ".0.endpoint: is missing"),
        (
            f'[{ENTRY[:-1]}, "key": 1}}]',
            ".0: 'key' is unknown, expected one of endpoint, deployment, api_key, ",
        ),
        (f'[{ENTRY[:-1]}, "deployment": "b"}}]', ": 'deployment' is there twice"),
        (f'[{ENTRY[:-1]}, "weight": 0}}]', ".0.weight: Input should be greater"),
        (f'[{ENTRY[:-1]}, "api_key": 1}}]', ".0.api_key: Input should be a valid"),
        (f'[{ENTRY[:-1]}, "api_key": ""}}]', ".0.api_key: expected a key"),
        ('[{"endpoint": "the-secret", "deployment": "x"}]', ".0.endpoint: expected a"),
        (
            '[{"endpoint": "http://x:the-secret", "deployment": "x"}]',
            ".0.endpoint: expected a URL",
        ),
        (f"[{ENTRY}, {ENTRY}]", "1 is the same endpoint and deployment as 0"),
        (f"[{ENTRY}, {SHOUTED}]", "1 is the same endpoint and deployment as 0"),
        ('[{"endpoint": "https://x", "deployment": ""}]', ".0.deployment: expected a"),
        ('[{"endpoint": "https://x/y", "deployment": "d"}]', ".0.endpoint: expected"),
    ],
)
def test_a_bad_backend_is_named_by_its_number_and_not_quoted(
    monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, AZURE_OPENAI_BACKENDS=value)
    assert str(raised.value).startswith("AZURE_OPENAI_BACKENDS")
    assert message in str(raised.value)
    assert "the-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "more",
    [
        AZURE,
        {"AZURE_OPENAI_API_KEY": "the-secret"},
        {"AZURE_OPENAI_REGION": "westeurope"},
        {"OPENAI_BASE_URL": "http://x/v1", "OPENAI_MODEL": "llama"},
    ],
)
def test_backends_take_the_place_of_a_single_endpoint(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, str]
) -> None:
    settings = load(monkeypatch, AZURE_OPENAI_BACKENDS=f"[{ENTRY}]")
    assert settings.deployment == "gpt-4o"
    assert settings.deployments == ("gpt-4o",)
    assert settings.default_chain == "chat"
    [backend] = settings.backends
    assert (backend.endpoint, backend.host) == ("https://one.example", "one.example")
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, **more)
    assert "AZURE_OPENAI_" in str(raised.value)
    assert "the-secret" not in str(raised.value)


def test_a_backends_key_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    keyed = f'[{ENTRY[:-1]}, "api_key": "the-secret"}}]'
    settings = load(monkeypatch, AZURE_OPENAI_BACKENDS=keyed)
    assert "the-secret" not in repr(settings)
    [backend] = settings.backends
    assert backend.api_key is not None
    assert backend.api_key.get_secret_value() == "the-secret"
