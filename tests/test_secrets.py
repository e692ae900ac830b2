"""A secret is in no repr, no message, no answer and no line that is printed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

import settings
from settings import Settings
from tests.support.app_process import FOREIGN, ROOT, AppProcess
from tests.support.requests_of_each_kind import battery

MARKER = "MARKED-7f3ab9b"
HUB = (
    "Endpoint=sb://127.0.0.1:9/;SharedAccessKeyName=sender;SharedAccessKey={};"
    "EntityPath=runs"
)
SECRETS = {
    "azure_openai_api_key": MARKER,
    "openai_api_key": MARKER,
    "azure_eventhub_conn_str": HUB.format(MARKER),
    "checkpointer": f"postgres://app:{MARKER}@127.0.0.1:9/db",
    "api_keys": f"{MARKER}-1,{MARKER}-2",
}
"""Each setting that is secret, and what it is set to."""

CONFIGURED = {
    "AZURE_OPENAI_ENDPOINT": "http://127.0.0.1:9",
    "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
    **{name.upper(): value for name, value in SECRETS.items()},
}


def is_secret(name: str) -> bool:
    return SecretStr.__name__ in str(Settings.model_fields[name])


def test_each_secret_setting_is_marked_here() -> None:
    assert {name for name in Settings.model_fields if is_secret(name)} == set(SECRETS)


def test_what_sounds_secret_is() -> None:
    words = ("key", "secret", "password", "token", "conn_str", "credential")
    sounds = {
        name
        for name in Settings.model_fields
        if any(word in name.split("_") or f"{word}s" in name for word in words)
    }
    sounds -= {"first_token_peek_seconds", "first_token_timeout_seconds"}
    assert {name for name in sounds if not is_secret(name)} == set()


def test_settings_show_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CONFIGURED.items():
        monkeypatch.setenv(name, value)
    loaded = settings.load()
    kept = loaded.azure_openai_api_key
    assert kept is not None
    assert kept.get_secret_value() == MARKER
    shown = [repr(loaded), str(loaded), f"{loaded!r}", loaded.model_dump_json()]
    shown += [str(loaded.model_dump()), *map(str, loaded.__dict__.values())]
    assert not [text for text in shown if MARKER in text]


@pytest.mark.parametrize(
    "wrong",
    [
        {"AZURE_EVENTHUB_CONN_STR": MARKER},
        {"AZURE_EVENTHUB_CONN_STR": f"SharedAccessKey={MARKER}"},
        {"AZURE_EVENTHUB_CONN_STR": HUB.format(MARKER), "AZURE_EVENTHUB_NAME": "x"},
        {"API_KEYS": f"{MARKER},,"},
        {"API_KEYS": MARKER, "HTTP_AUTH_LEVEL": "admin"},
        {"AZURE_OPENAI_API_KEY": MARKER},
        {"AZURE_OPENAI_API_KEY": MARKER, "OPENAI_BASE_URL": "http://x"},
        {**CONFIGURED, "MAX_MESSAGES": "none"},
        {**CONFIGURED, "CHAT_CHAIN": "nope"},
    ],
)
def test_a_start_that_fails_tells_no_secret(
    wrong: dict[str, str], tmp_path: Path
) -> None:
    inherited = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    result = subprocess.run(
        [sys.executable, "-m", "devhost"],
        cwd=ROOT,
        env={**inherited, "TELEMETRY_PATH": str(tmp_path), "PORT": "0", **wrong},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.returncode == 1
    assert "devhost: " in result.stderr
    assert MARKER not in result.stdout + result.stderr


def test_no_answer_and_no_line_has_a_secret() -> None:
    with AppProcess(CONFIGURED) as server:
        key = {"api-key": f"{MARKER}-1"}
        ways: list[dict[str, Any]] = [
            {},
            {"headers": {"api-key": "wrong"}},
            {"headers": key},
            {"params": {"code": f"{MARKER}-2"}},
        ]
        statuses = set()
        for way in ways:
            for method, path, how in battery():
                headers = {**way.get("headers", {}), **how.get("headers", {})}
                url = httpx.URL(path).copy_merge_params(way.get("params", {}))
                sent = {**how, "headers": headers}
                response = server.client.request(method, url, **sent)
                statuses.add(response.status_code)
                told = response.text + str(response.headers.raw)
                assert MARKER not in told, (method, path)
        assert {200, 400, 401, 404, 413, 431, 502} <= statuses
        assert json.loads(server.client.get("/api/health", headers=key).text)["checks"]
    assert not [line for line in server.lines if MARKER in line]
