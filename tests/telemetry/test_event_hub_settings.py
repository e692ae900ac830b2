"""What is wrong with the event hub's settings is said at start, in one sentence."""

import pytest

import settings as configuration
from settings import Settings, SettingsError
from telemetry.sinks import event_hubs

CONN_STR = (
    "Endpoint=sb://name.servicebus.windows.net/;SharedAccessKeyName=send;"
    "SharedAccessKey=the-hubs-key="
)
HOST = "name.servicebus.windows.net"


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(f"AZURE_EVENTHUB_{name}", value)
    return configuration.load()


@pytest.mark.parametrize(
    ("environment", "hub"),
    [
        ({}, None),
        ({"CONN_STR": "", "NAME": ""}, None),
        ({"CONN_STR": CONN_STR, "NAME": "usage"}, "usage"),
        ({"CONN_STR": f"{CONN_STR};EntityPath=usage"}, "usage"),
        ({"CONN_STR": f"{CONN_STR};EntityPath=usage", "NAME": "usage"}, "usage"),
        ({"NAMESPACE": HOST, "NAME": "usage"}, "usage"),
    ],
)
def test_the_hub_is_named_in_either_place(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], hub: str | None
) -> None:
    loaded = load(monkeypatch, **environment)
    assert loaded.event_hub == hub
    assert (event_hubs.build(loaded) is None) is (hub is None)
    assert "the-hubs-key" not in repr(loaded)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"CONN_STR": CONN_STR},
            "AZURE_EVENTHUB_NAME is missing: AZURE_EVENTHUB_CONN_STR needs it",
        ),
        (
            {"NAMESPACE": HOST},
            "AZURE_EVENTHUB_NAME is missing: AZURE_EVENTHUB_NAMESPACE needs it",
        ),
        (
            {"CONN_STR": "", "NAME": "usage"},
            "AZURE_EVENTHUB_CONN_STR or AZURE_EVENTHUB_NAMESPACE is missing: "
            "AZURE_EVENTHUB_NAME needs one",
        ),
        (
            {"CONN_STR": " ", "NAME": "usage"},
            "AZURE_EVENTHUB_CONN_STR: Endpoint, SharedAccessKey, SharedAccessKeyName "
            "is missing, expected Endpoint=sb://NAME.servicebus.windows.net/;"
            "SharedAccessKeyName=…;SharedAccessKey=…",
        ),
        (
            {"CONN_STR": CONN_STR.partition("SharedAccessKey=")[0], "NAME": "usage"},
            "AZURE_EVENTHUB_CONN_STR: SharedAccessKey is missing, expected "
            "Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;"
            "SharedAccessKey=…",
        ),
        (
            {"CONN_STR": CONN_STR, "NAME": " "},
            "AZURE_EVENTHUB_NAME: expected the name of an event hub, such as telemetry",
        ),
        (
            {"CONN_STR": CONN_STR, "NAMESPACE": HOST, "NAME": "usage"},
            "AZURE_EVENTHUB_CONN_STR and AZURE_EVENTHUB_NAMESPACE exclude each other: "
            "unset one",
        ),
        (
            {"CONN_STR": f"{CONN_STR};EntityPath=other", "NAME": "usage"},
            "AZURE_EVENTHUB_NAME: 'usage', but AZURE_EVENTHUB_CONN_STR has the "
            "EntityPath 'other'",
        ),
        (
            {"NAMESPACE": "https://name", "NAME": "usage"},
            "AZURE_EVENTHUB_NAMESPACE: expected a host such as "
            "NAME.servicebus.windows.net",
        ),
    ],
)
def test_half_of_a_hub_is_one_clear_message(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        load(monkeypatch, **environment)
    assert str(raised.value) == message
