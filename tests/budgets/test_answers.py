"""Answers that a budget allows, refuses, or ends, over a real socket."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

import settings
from settings import SettingsError
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of

KEYS = {name: f"caller-key-{name}" for name in ("many", "few", "none", "rush", "rest")}
BUDGETS = {
    "many": {"tokens": 1_000_000, "per": "month"},
    "few": {"tokens": 700, "per": "month"},
    "none": {"tokens": 10, "per": "month"},
    "rush": {"tokens": 3000, "per": "month"},
    "*": {"cost": 0.01, "per": "month"},
}
PROXIED = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"


@pytest.fixture(scope="module")
def server(standin: StandIn) -> Iterator[AppProcess]:
    given = {
        "API_KEYS": ",".join(f"{name}:{key}" for name, key in KEYS.items()),
        "BUDGETS": json.dumps(BUDGETS),
        "PRICES": '{"*": {"input": 1, "output": 10}}',
    }
    with AppProcess(azure(standin, **given)) as server:
        server.client.headers["api-key"] = KEYS["many"]
        server.warm()
        yield server


def ask(server: AppProcess, name: str, scenario: str, **more: Any) -> httpx.Response:
    body = {"user": f"standin:{scenario}", **more}
    return server.client.post(
        "/api/chat", json=body, headers={"api-key": KEYS[name]}, timeout=30
    )


def test_an_answer_says_what_is_left_of_the_budget(server: AppProcess) -> None:
    response = ask(server, "many", "answer tokens=5", stream=False)
    assert response.json()["finish_reason"] == "stop"
    assert response.headers["x-quota-limit"] == "1000000"
    assert 999_000 < int(response.headers["x-quota-remaining"]) < 1_000_000
    assert 0 < int(response.headers["x-quota-reset"]) <= 31 * 86_400


def test_a_check_of_streams_asks_no_model_and_needs_no_budget(
    server: AppProcess,
) -> None:
    asking = {"api-key": KEYS["none"]}
    url = f"{server.url}/api/stream-check"
    with httpx.stream("GET", url, headers=asking, timeout=20) as response:
        assert response.status_code == 200
        assert "x-quota-limit" not in response.headers


def test_without_room_for_a_first_step_nothing_is_asked(
    server: AppProcess, standin: StandIn
) -> None:
    before = standin.count()
    for path, body in (
        ("/api/chat", {"user": "Hello"}),
        (PROXIED, {"messages": [{"role": "user", "content": "Hello"}]}),
    ):
        refused = server.client.post(path, json=body, headers={"api-key": KEYS["none"]})
        error = refused.json()["error"]
        assert (refused.status_code, error["code"]) == (429, "quota_exceeded")
        assert int(refused.headers["retry-after"]) > 0
        assert int(refused.headers["x-quota-remaining"]) < 256
    assert standin.count() == before


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_ends_where_the_budget_does(
    server: AppProcess, standin: StandIn, stream: bool
) -> None:
    key = "rest" if stream else "few"
    response = ask(server, key, "answer tokens=3000", stream=stream)
    request_id = response.headers["x-request-id"]
    record = server.record(request_id)
    assert (record["status"], record["finish_reason"]) == ("budget", "budget")
    assert record["error"] is None
    assert response.status_code == 200
    if not stream:
        answer = response.json()
        assert answer["finish_reason"] == "budget"
        assert 256 <= answer["content"].count("tok") <= 700
        return
    assert response.text.count("event: done") == 1
    assert '"finish_reason":"budget"' in response.text
    assert "event: error" not in response.text
    # A hundredth of a dollar buys a thousand tokens of four bytes, less the prompt.
    assert 400 <= response.text.count("delta_content") <= 1000
    assert 0.007 < record["cost"]["amount"] <= 0.01


def test_a_proxied_stream_ends_as_if_its_tokens_were_limited(
    standin: StandIn,
) -> None:
    budgets = json.dumps({"*": {"tokens": 600, "per": "month"}})
    with AppProcess(azure(standin, BUDGETS=budgets)) as server:
        client = openai.AzureOpenAI(
            azure_endpoint=server.url, api_key="any", api_version="2024-10-21"
        )
        chunks = list(
            client.chat.completions.create(
                model="gpt-4o",
                messages=[{"role": "user", "content": "standin:answer tokens=3000"}],
                stream=True,
            )
        )
        client.close()
    assert chunks[-1].choices[0].finish_reason == "length"
    said = sum(
        bool(chunk.choices and chunk.choices[0].delta.content) for chunk in chunks
    )
    assert 256 <= said <= 600


async def test_many_at_once_use_no_more_than_there_is(server: AppProcess) -> None:
    """Room for 10 answers, and 200 that want one."""
    headers = {"api-key": KEYS["rush"]}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, timeout=60, limits=limits
    ) as client:
        body = {"user": "standin:answer tokens=300", "stream": False}
        answers = await asyncio.gather(
            *(client.post("/api/chat", json=body) for _ in range(200))
        )
    used = 0
    for answer in answers:
        assert answer.status_code in (200, 429), answer.text
        if answer.status_code == 200:
            used += answer.json()["usage"]["total_tokens"]
    running = sum(answer.status_code == 200 for answer in answers)
    assert 0 < used <= 3000 + 256 * running


@pytest.mark.parametrize(
    ("budgets", "says"),
    [
        ("5", "BUDGETS: expected a JSON object of budgets by the names of callers"),
        ('{"a": {"per": "day"}}', "BUDGETS.a: expected 'tokens' or 'cost', and one"),
        ('{"a": {"tokens": 1, "per": "year"}}', "BUDGETS.a.per: Input should be"),
        ('{"a": {"tokens": 0, "per": "day"}}', "BUDGETS.a.tokens: Input should be"),
        ('{"a": {"token": 1}}', "BUDGETS.a: 'token' is unknown, expected one of token"),
        ('{" a": {"tokens": 1, "per": "day"}}', "BUDGETS: ' a' is the name of no call"),
        ('{"": {"tokens": 1, "per": "day"}}', "BUDGETS: '' is the name of no caller"),
        ('{"a": {"cost": 1, "per": "day"}}', "BUDGETS: the cost of 'a' needs PRICES"),
    ],
)
def test_a_budget_that_is_none_fails_at_start(
    monkeypatch: pytest.MonkeyPatch, budgets: str, says: str
) -> None:
    monkeypatch.setenv("BUDGETS", budgets)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert str(refused.value).startswith(says)


def test_text_is_whole_within_a_budget(server: AppProcess) -> None:
    events = server.events("standin:answer tokens=3")
    assert text_of(events) == "tok0 tok1 tok2"
