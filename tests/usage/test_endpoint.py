"""`/api/usage` over a real socket: groups, one run, and who sees which."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest
from jsonschema_rs import Draft202012Validator

from app.openapi import FILE
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.usage.written_records import lines, written

KEYS = {"web": "caller-key-web", "admin": "caller-key-admin", "job": "caller-key-job"}
OLD = written(
    datetime.now(UTC).isoformat(), principal="job", error={"code": "overloaded"}
)


def settings(standin: StandIn, **more: str) -> dict[str, str]:
    return azure(
        standin,
        API_KEYS=",".join(f"{name}:{key}" for name, key in KEYS.items()),
        PRICES='{"*": {"input": 1, "output": 10}, "currency": "EUR"}',
        AZURE_FUNCTIONS_ENVIRONMENT="Production",
        **more,
    )


@pytest.fixture(scope="module")
def server(standin: StandIn) -> Iterator[AppProcess]:
    """The app on a folder in which an earlier process has left a record."""
    folder = Path(mkdtemp())
    (folder / f"{1:020d}-1.jsonl").write_bytes(lines(OLD))
    with AppProcess(settings(standin, TELEMETRY_PATH=str(folder))) as server:
        server.client.headers["api-key"] = KEYS["web"]
        server.warm()
        settled(server)
        yield server
    shutil.rmtree(folder)


def get(server: AppProcess, key: str = "web", **query: str) -> httpx.Response:
    headers = {"api-key": KEYS[key]}
    return server.client.get("/api/usage", params=query, headers=headers)


def usage(server: AppProcess, key: str = "web", **query: str) -> dict[str, Any]:
    response = get(server, key, **query)
    assert response.status_code == 200, response.text
    return dict(response.json())


def run_of(server: AppProcess, response: httpx.Response) -> str:
    """The run's id, once its record is on disk, of which only `done` waits."""
    run = str(server.record(response.headers["x-request-id"])["id"])
    until(lambda: get(server, run=run).status_code == 200)
    return run


def settled(server: AppProcess) -> None:
    until(lambda: "being read" not in usage(server)["instance"])


def test_an_answer_is_in_the_totals_as_soon_as_it_is_over(server: AppProcess) -> None:
    before = usage(server)["totals"]
    done = server.events("standin:answer tokens=7")[-1][1]
    after = usage(server, since="1h", by="deployment")
    used = {
        name: after["totals"][name] - before[name]
        for name in ("runs", "errors", "input_tokens", "output_tokens")
    }
    counts = {name: done["usage"][name] for name in ("input_tokens", "output_tokens")}
    assert used == {"runs": 1, "errors": 0, **counts}
    assert after["totals"]["cost"]["EUR"] > before["cost"].get("EUR", 0)
    assert [group["name"] for group in after["groups"]] == ["gpt-4o"]
    assert after["totals"]["latency_ms"]["p95"] > 0


def test_what_it_says_is_what_openapi_describes(server: AppProcess) -> None:
    response = server.chat("standin:rate_limited")
    run_id = run_of(server, response)
    asked, run = usage(server, by="error", over="hour"), usage(server, run=run_id)
    description = json.loads(FILE.read_text("utf-8"))
    for name, shown in (("UsageReport", asked), ("RunReport", run)):
        schema = {**description, "$ref": f"#/components/schemas/{name}"}
        Draft202012Validator(schema).validate(shown)
    assert asked["totals"]["over"][-1]["runs"] >= 1
    assert asked["groups"][0]["over"][-1]["time"] == asked["totals"]["over"][-1]["time"]
    assert asked["errors"][0]["run_id"] == run_id
    assert asked["errors"][0]["code"] == "rate_limited"


def test_a_caller_sees_its_own_and_admin_everyones(server: AppProcess) -> None:
    server.events("standin:answer tokens=1")
    names = {
        key: {group["name"] for group in usage(server, key, by="principal")["groups"]}
        for key in KEYS
    }
    assert names == {"web": {"web"}, "job": {"job"}, "admin": {"web", "job"}}
    [error] = usage(server, "job")["errors"]
    assert (error["run_id"], error["code"]) == (OLD["id"], "overloaded")
    assert OLD["id"] not in str(usage(server)["errors"])


def test_one_run_is_shown_to_its_caller_and_to_admin(server: AppProcess) -> None:
    response = server.chat("standin:answer tokens=3")
    run = run_of(server, response)
    for key, status in (("web", 200), ("admin", 200), ("job", 404)):
        assert get(server, key, run=run).status_code == status
    shown = usage(server, run=run)["run"]
    assert "content" not in shown
    assert "prompt" not in shown
    assert [each["outcome"] for each in shown["attempts"]] == ["answered"]
    [call] = shown["calls"]
    assert 0 <= call["started_ms"] <= call["first_chunk_ms"] <= call["ended_ms"]


@pytest.mark.parametrize("run", ["", "x", "../x", "*", '"', "A" * 36, "é" * 36])
def test_what_names_no_run_is_404(server: AppProcess, run: str) -> None:
    response = get(server, run=run)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "since",
    [
        *("30m", "24h", "7d", "999999d", "2026-01-31", "2026-01-31T12:00:00Z"),
        *("2026-01-31T12:00:00+02:00", "2026-01-31T12:00:00 02:00", "9999-12-31", ""),
    ],
)
def test_a_time_is_read_in_each_of_its_forms(server: AppProcess, since: str) -> None:
    usage(server, since=since)
    assert server.client.get(f"/api/usage?since={since}").status_code == 200


@pytest.mark.parametrize(
    "since",
    ["x", "0h", "-1h", "1w", "24", "24 h", "²h", "now", "0001-01-01T00:00+14:00"],
)
def test_what_is_no_time_is_refused_with_the_choices(
    server: AppProcess, since: str
) -> None:
    error = get(server, since=since).json()["error"]
    assert error["code"] == "invalid_request"
    assert "30m, 24h or 7d" in error["message"]


def test_an_unknown_group_is_refused_with_the_choices(server: AppProcess) -> None:
    response = get(server, by="end_user")
    assert response.status_code == 400
    assert (
        "chain, deployment, backend, principal" in response.json()["error"]["message"]
    )


def test_an_unknown_time_is_refused_with_the_choices(server: AppProcess) -> None:
    response = get(server, over="minute")
    assert response.status_code == 400
    assert "hour, day" in response.json()["error"]["message"]


def test_a_developer_sees_everything(app: AppProcess) -> None:
    app.events("hello", chain="strings")
    report = app.client.get("/api/usage", params={"since": "7d"}).json()
    assert "strings" in [group["name"] for group in report["groups"]]


def test_the_week_outlives_the_process(standin: StandIn, tmp_path: Path) -> None:
    """Whether a sink has taken the records or not."""
    given = settings(standin, TELEMETRY_PATH=str(tmp_path))
    totals = []
    for _ in range(2):
        with AppProcess(given) as server:
            server.client.headers["api-key"] = KEYS["web"]
            server.warm()
            server.events("standin:answer tokens=1")
            settled(server)
            totals.append(usage(server)["totals"]["runs"])
    assert totals == [1, 2]
