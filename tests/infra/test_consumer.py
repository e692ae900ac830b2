"""The example consumer, in process, over Microsoft's emulator of Table storage."""

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import azure.functions as func
import pytest

from tests.support.app_process import ROOT
from tests.support.azurite import Azurite

FOLDER = ROOT / "examples/consumer"
DAY = "2026-11-28"
NESTED = b"[" * 200_000 + b"]" * 200_000


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    with Azurite() as azurite:
        yield azurite


@pytest.fixture
def consumer(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The app as its host imports it, with a table of its own."""
    monkeypatch.setenv("COSTS", azurite.connection_string)
    source = FOLDER / "function_app.py"
    spec = importlib.util.spec_from_file_location("consumer_function_app", source)
    assert spec
    assert spec.loader
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.TABLE = f"costs{uuid4().hex}"
    module.functions = {
        each.get_function_name(): each for each in module.app.get_functions()
    }
    with module.table() as table:
        table.create_table()
        yield module


def record(**other: object) -> dict[str, object]:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return {
        "id": str(uuid4()),
        "timestamp": f"{DAY}T10:00:00.000000Z",
        "principal": "web",
        "usage": usage,
        "cost": {"amount": 0.1, "currency": "USD"},
        "prompt": "a secret",
        **other,
    }


def event(content: object) -> func.EventHubEvent:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return func.EventHubEvent(body=body, sequence_number=1)


def keep(consumer: Any, *contents: object) -> None:
    function = consumer.functions["keep"].get_user_function()
    function([event(content) for content in contents])


def costs(consumer: Any, day: str = DAY) -> func.HttpResponse:
    function = consumer.functions["cost"].get_user_function()
    request = func.HttpRequest("GET", "/api/cost", params={"day": day}, body=b"")
    response: func.HttpResponse = function(request)
    return response


def callers(consumer: Any, day: str = DAY) -> object:
    return json.loads(costs(consumer, day).get_body())["callers"]


def test_costs_are_summed_by_caller_and_day(consumer: Any) -> None:
    yesterday = record(timestamp="2026-11-27T23:59:59.999999Z")
    free = record(principal=None, cost=None)
    keep(consumer, record(), record(), record(), yesterday, free)
    assert callers(consumer) == [
        {"caller": "web", "amount": "0.3", "currency": "USD", "tokens": 21, "runs": 3},
        {"caller": "", "amount": "0", "currency": "", "tokens": 7, "runs": 1},
    ]


def test_a_record_that_comes_twice_counts_once(consumer: Any) -> None:
    twice = record()
    keep(consumer, twice, twice)
    keep(consumer, twice)
    assert callers(consumer) == [
        {"caller": "web", "amount": "0.1", "currency": "USD", "tokens": 7, "runs": 1}
    ]


NO_RECORDS: list[object] = [
    *(None, [], "text", 7, {}, {"id": "1"}),
    record(id="a/b#c?"),
    record(usage=None),
    record(timestamp="x"),
    record(cost={"amount": "NaN", "currency": "USD"}),
    record(cost={"amount": "a lot", "currency": "USD"}),
    record(cost={"amount": f"0.{'1' * 70_000}", "currency": "USD"}),
    record(cost={"amount": 1, "currency": "U" * 70_000}),
    record(principal="\ud800"),
    NESTED,
]


@pytest.mark.parametrize("content", NO_RECORDS)
def test_what_is_no_record_holds_up_no_other(consumer: Any, content: object) -> None:
    keep(consumer, content, record())
    assert callers(consumer) == [
        {"caller": "web", "amount": "0.1", "currency": "USD", "tokens": 7, "runs": 1}
    ]


@pytest.mark.parametrize("day", ["", "today", "2026-13-01", "2026-11-28' or '1' eq '1"])
def test_a_day_that_is_none_is_refused(consumer: Any, day: str) -> None:
    response = costs(consumer, day)
    assert response.status_code == 400
    assert json.loads(response.get_body()) == {"error": "expected ?day=YYYY-MM-DD"}


def test_neither_prompt_nor_answer_is_kept(consumer: Any) -> None:
    keep(consumer, record())
    [row] = consumer.table().list_entities()
    assert sorted(row) == sorted(
        ["PartitionKey", "RowKey", "amount", "caller", "currency", "tokens"]
    )


def test_the_functions_are_bound_as_the_settings_say(consumer: Any) -> None:
    trigger = consumer.functions["keep"].get_trigger().get_dict_repr()
    assert trigger["type"] == "eventHubTrigger"
    values = json.loads((FOLDER / "local.settings.json.example").read_text("utf-8"))
    names = {name.partition("__")[0] for name in values["Values"]}
    assert trigger["connection"] in names
    assert trigger["eventHubName"].strip("%") in names
    assert trigger["consumerGroup"].strip("%") in names


def test_a_batch_that_fails_is_tried_until_it_does_not(consumer: Any) -> None:
    """Without a policy the host goes on to the next events, and these are lost."""
    policy = consumer.functions["keep"].get_settings_dict("retry_policy")
    assert policy["strategy"] == "exponential_backoff"
    assert policy["max_retry_count"] == "-1"


def test_its_packages_are_those_of_the_app() -> None:
    def pins(path: Path) -> set[str]:
        return {line for line in path.read_text("utf-8").splitlines() if "==" in line}

    assert pins(FOLDER / "requirements.txt") <= pins(ROOT / "requirements.txt")
