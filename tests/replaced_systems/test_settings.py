"""Settings under the names that replaced systems gave them."""

import pytest
from pydantic import SecretStr

import settings


@pytest.mark.parametrize(
    ("environment", "loaded"),
    [
        pytest.param(
            {
                "OpenAIEndpoint": "https://name.openai.azure.com",
                "OpenAIOptions__DeployName": "gpt-4o",
            },
            {
                "azure_openai_endpoint": "https://name.openai.azure.com",
                "azure_openai_deployment": "gpt-4o",
            },
            id="aoai-stream-function",
        ),
        pytest.param(
            {
                "AZURE_OPENAI_ENDPOINT": "https://name.openai.azure.com",
                "AZURE_OPENAI_KEY": "the-key",
                "AZURE_OPENAI_CHAT_DEPLOYMENT": "gpt-4o",
                "AZURE_OPENAI_API_VERSION": "2024-02-01",
            },
            {
                "azure_openai_api_key": SecretStr("the-key"),
                "azure_openai_deployment": "gpt-4o",
                "azure_openai_api_version": "2024-02-01",
            },
            id="cookbook",
        ),
    ],
)
def test_its_own_settings_still_work(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    loaded: dict[str, object],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ours = settings.load()
    assert {name: getattr(ours, name) for name in loaded} == loaded


def test_the_hubs_name_is_read_and_a_blank_connection_string_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Function-SSE-Proxy reads no `AZURE_EVENTHUB_NAME`, and fails at each request for
    its sample's `"AZURE_EVENTHUB_CONN_STR": ""`.
    """
    monkeypatch.setenv("AZURE_EVENTHUB_CONN_STR", "")
    assert settings.load().event_hub is None
    conn_str = "Endpoint=sb://x.example/;SharedAccessKeyName=n;SharedAccessKey=k"
    monkeypatch.setenv("AZURE_EVENTHUB_CONN_STR", conn_str)
    with pytest.raises(settings.SettingsError, match="AZURE_EVENTHUB_NAME is missing"):
        settings.load()
    monkeypatch.setenv("AZURE_EVENTHUB_NAME", "usage")
    assert settings.load().event_hub == "usage"
