"""The OpenAPI description: made from the code, checked in, true of what is served."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from app.openapi import FILE, paths, with_dialects
from app.pages import routes as pages_and_assets
from tests.support.app_process import ROOT, AppProcess

DESCRIPTION = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_the_code_says() -> None:
    description = paths.build()
    with_dialects(description)
    assert description == DESCRIPTION, "run `python -m app.openapi`"


def test_it_is_served(app: AppProcess) -> None:
    assert app.client.get("/api/openapi.json").json() == DESCRIPTION


def test_it_has_every_route_and_no_other(app: AppProcess) -> None:
    """Except for what people open in a browser."""
    served = set()
    for line in app.lines:
        route = re.match(r"\s+([A-Z,]+)\s+http://[^/]+(/\S+)\s+\w+$", line)
        if route:
            methods, path = route.groups()
            served |= {(method.lower(), path) for method in methods.split(",")}
    described = {
        (method, path) for path, item in DESCRIPTION["paths"].items() for method in item
    }
    pages = {f"/{route.path}" for route in pages_and_assets()}
    assert described == {each for each in served if each[1] not in pages}


def events_of(path: str) -> dict[str, Any]:
    """The schemas of the events that *path* streams."""
    content = DESCRIPTION["paths"][path]["post"]["responses"]["200"]["content"]
    kinds = content["text/event-stream"]["schema"]["oneOf"]
    return {
        kind["properties"]["event"]["const"]: kind["properties"]["data"][
            "contentSchema"
        ]
        for kind in kinds
    }


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**DESCRIPTION, **schema})


@pytest.mark.parametrize(
    ("path", "user", "chain"),
    [
        ("/api/chat", "standin:answer", "chat"),
        ("/api/chat", "standin:reasoning", "chat"),
        ("/api/chat", "standin:async_block start=1 end=2", "chat"),
        ("/api/chat", "standin:error_event tokens=1", "chat"),
        ("/api/chat", "standin:usage_null", "chat"),
        ("/api/chat", "hello", "agent"),
        ("/api/chat", "hello", "tools"),
        ("/api/stream", "standin:answer", "chat"),
        ("/api/stream", "standin:error_event tokens=1", "chat"),
    ],
)
def test_each_event_is_what_its_schema_says(
    app: AppProcess, path: str, user: str, chain: str
) -> None:
    schemas = events_of(path)
    response = app.client.post(path, json={"user": user, "chain": chain})
    frames = response.text.removesuffix("\n\n").split("\n\n")
    assert len(frames) > 1
    for frame in frames:
        name, _, data = frame.partition("\nid: ")[0].rpartition("data: ")
        kind = name.removeprefix("event: ").strip() or "message"
        validator(schemas[kind]).validate(json.loads(data))


@pytest.mark.parametrize("chain", ["chat", "agent", "tools", "sources"])
def test_a_whole_answer_is_what_its_schema_says(app: AppProcess, chain: str) -> None:
    body = {"user": "standin:reasoning", "chain": chain, "stream": False}
    answer = app.client.post("/api/chat", json=body).json()
    validator({"$ref": "#/components/schemas/Answer"}).validate(answer)


@pytest.mark.parametrize(
    "which",
    [
        # What is under /api/openai is as what is under /openai.
        ("--exclude-path-regex", "^/(langgraph|api/openai)/"),
        ("--include-path-regex", "^/langgraph/"),
    ],
    ids=["of this app", "of the LangGraph SDK"],
)
@pytest.mark.timeout(150)
def test_schemathesis_finds_no_server_error_and_nothing_undocumented(
    app: AppProcess, tmp_path: Path, which: tuple[str, str]
) -> None:
    checks = (
        "not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_schema_conformance"
    )
    result = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", str(FILE)),
            *("--url", app.url, "--checks", checks, "--phases", "examples,fuzzing"),
            *("--max-examples", "10", "--generation-deterministic", "--no-color"),
            *which,
            *("--exclude-path", "/api/stream-check", "--request-timeout", "20"),
            *("--suppress-health-check", "all", "--warnings", "off"),
        ],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=140,
    )
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
