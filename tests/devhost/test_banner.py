"""The banner names what the app was started with, and where a key goes."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.app_process import AppProcess

SECRET = "caller-key-banner"
HUB = "Endpoint=sb://hub.example/;SharedAccessKeyName=n;SharedAccessKey=hubs-key"
BACKENDS = """[
  {"endpoint": "https://one.example", "deployment": "ptu", "api_key": "standin-key"},
  {"endpoint": "https://one.example:8443", "deployment": "payg", "api_key": "k"}
]"""


def banner(settings: Mapping[str, str]) -> list[str]:
    """The banner's lines, with single spaces; none may hold a key."""
    with AppProcess(settings) as server:
        lines = [" ".join(line.split()) for line in server.lines]
        url = server.url
    text = "\n".join(lines)
    assert not re.search(
        rf"{SECRET}|hubs-key|standin-key|the-collectors|the-stores", text
    )
    return [line.replace(url, "URL") for line in lines]


def test_a_fresh_clone_has_documents_and_nothing_else() -> None:
    lines = banner({})
    begin = lines.index("chat page URL/")
    assert lines[begin + 1 : begin + 8] == [
        "default chain docs",
        "model none: set AZURE_OPENAI_ENDPOINT or OPENAI_BASE_URL",
        "store this process's memory: STORE keeps threads longer",
        "records on this machine's disk, and to no hub",
        "collector none",
        "",
        "curl -N URL/api/chat -H 'content-type: application/json' "
        """-d '{"user":"How do I add my own chain?"}'""",
    ]


def test_documents_of_ones_own_are_asked_a_question_of_ones_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "page.md").write_text("# A page\n\nIt has words.\n")
    lines = banner({"DOCS_PATH": str(tmp_path)})
    assert any("""-d '{"user":"YOUR QUESTION"}'""" in line for line in lines)


def test_backends_hub_and_collector_are_named() -> None:
    lines = banner(
        {
            "PAGES": "false",
            "AZURE_OPENAI_BACKENDS": BACKENDS,
            "AZURE_EVENTHUB_CONN_STR": HUB,
            "AZURE_EVENTHUB_NAME": "runs",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:the-collectors@127.0.0.1:9",
            "STORE": "redis://:the-stores@127.0.0.1:9/1",
        }
    )
    begin = lines.index("default chain chat")
    assert lines[begin - 1 : begin + 6] == [
        "",
        "default chain chat",
        "models ptu at one.example:443",
        "payg at one.example:8443",
        "store redis://127.0.0.1:9/1",
        "records to the event hub runs",
        "collector 127.0.0.1:9",
    ]


@pytest.mark.parametrize(
    ("setting", "header"),
    [("API_KEYS", "api-key"), ("FUNCTIONS_KEY", "x-functions-key")],
)
def test_the_curl_has_the_keys_place(setting: str, header: str) -> None:
    [curl] = [line for line in banner({setting: SECRET}) if line.startswith("curl")]
    assert f" -H '{header}: YOUR_KEY' -d " in curl
