"""Where a response is, is known to every process; what it used is counted once."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from proxy.kept import MEMORY_SECONDS, KeptResponse, KeptResponses
from settings.backends import Backend
from store.memory import MemoryStore
from streaming.errors import NotFound
from streaming.events import Usage
from tests.conftest import azure
from tests.proxied_responses.response_streams import PATH, asking, events
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.prompt_departure import prompt

KEYS = "one:caller-key-one,few:caller-key-few"
BUDGETS = '{"few":{"tokens":600,"per":"month"}}'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


def settings(standin: StandIn, folder: Path) -> dict[str, str]:
    store = f"sqlite:{folder / 'kept.db'}"
    more = {"STORE": store, "API_KEYS": KEYS, "BUDGETS": BUDGETS}
    return azure(standin, **more)


@pytest.fixture(scope="module")
def here(standin: StandIn, folder: Path) -> Iterator[AppProcess]:
    with AppProcess(settings(standin, folder)) as server:
        server.client.headers["api-key"] = "caller-key-one"
        yield server


@pytest.fixture(scope="module")
def there(standin: StandIn, folder: Path) -> Iterator[AppProcess]:
    with AppProcess(settings(standin, folder)) as server:
        server.client.headers["api-key"] = "caller-key-one"
        yield server


def ask(server: AppProcess, scenario: str, **more: object) -> httpx.Response:
    return server.client.post(PATH, json=asking(scenario, **more))


def id_in(lines: Iterator[str]) -> str:
    """The id in the stream's first event."""
    line = next(each for each in lines if '"id":"' in each)
    return line.partition('"id":"')[2].partition('"')[0]


def test_another_process_knows_a_response_of_which_the_caller_has_the_id(
    here: AppProcess, there: AppProcess
) -> None:
    body = asking("answer tokens=300 delay_ms=20", background=True)
    with here.client.stream("POST", PATH, json=body) as answer:
        response_id = id_in(answer.iter_lines())
        assert there.client.get(f"{PATH}/{response_id}").json()["id"] == response_id
        stopped = there.client.post(f"{PATH}/{response_id}/cancel")
        assert stopped.json()["status"] == "cancelled"


def test_a_query_goes_on_but_not_the_key_in_it(
    here: AppProcess, standin: StandIn
) -> None:
    made = ask(here, "answer tokens=1", stream=False).json()["id"]
    query = {"code": "caller-key-one", "api-version": "preview", "x": "1"}
    known = {"limit": "3", "order": "asc", "include[]": "reasoning.encrypted_content"}
    answer = here.client.get(f"{PATH}/{made}/input_items", params={**query, **known})
    assert answer.status_code == 200
    [asked] = standin.requests(made)
    assert asked["query"] == known
    assert asked["path"] == f"/openai/v1/responses/{made}/input_items"


@pytest.mark.parametrize("response_id", ["resp_none", "a%2Fb", "..%2F", "%00", "é"])
def test_an_id_that_was_never_given_is_not_found(
    here: AppProcess, response_id: str
) -> None:
    for below in ("", "/input_items"):
        answer = here.client.get(f"{PATH}/{response_id}{below}")
        assert answer.status_code == 404


def test_leaving_in_the_middle_closes_the_upstream_and_is_estimated(
    here: AppProcess, standin: StandIn
) -> None:
    delays: list[float] = []
    while not prompt(delays):
        tag = f"responses-left-{len(delays)}"
        body = asking(f"answer tokens=1000 delay_ms=20 tag={tag}")
        with (
            httpx.Client(base_url=here.url, headers=here.client.headers) as client,
            client.stream("POST", PATH, json=body) as answer,
        ):
            deltas = (line for line in answer.iter_lines() if '"delta":"' in line)
            assert [next(deltas) for _ in range(3)]
            left_at = time.monotonic()
        closed_at = standin.wait_closed(tag)["closed_at"]
        assert closed_at is not None
        delays.append(closed_at - left_at)
        record = here.record(answer.headers["x-request-id"])
        assert record["status"] == "cancelled"
        assert record["usage"]["estimated"] is True
        assert record["usage"]["completion_tokens"] > 0


def few(server: AppProcess, scenario: str, **more: object) -> httpx.Response:
    headers = {"api-key": "caller-key-few"}
    return server.client.post(PATH, json=asking(scenario, **more), headers=headers)


def test_a_budget_ends_a_stream_and_then_refuses(here: AppProcess) -> None:
    answer = few(here, "answer tokens=5000")
    last = events(answer.content)[-1]
    assert last["type"] == "response.incomplete"
    response = last["response"]
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["id"].startswith("resp_")
    assert response["output"][0]["content"][0]["text"].startswith("tok0 tok1")
    record = here.record(answer.headers["x-request-id"])
    assert (record["status"], record["finish_reason"]) == ("budget", "budget")
    refused = few(here, "answer")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "quota_exceeded"
    assert int(refused.headers["retry-after"]) > 0


def test_what_a_background_response_uses_is_recorded_when_its_end_is_seen(
    here: AppProcess, there: AppProcess
) -> None:
    scenario = "answer tokens=40 delay_ms=10"
    made = ask(here, scenario, stream=False, background=True)
    began = here.record(made.headers["x-request-id"])
    assert began["usage"]["total_tokens"] == 0
    url = f"{PATH}/{made.json()['id']}"

    def ended() -> bool:
        return bool(here.client.get(url).json()["status"] == "completed")

    until(ended, every=0.1)
    for server in (here, there):
        assert server.client.get(url).json()["usage"]["output_tokens"] == 40
    records = [
        line for line in here.lines + there.lines if '"completion_tokens":40' in line
    ]
    assert len(records) == 1


def test_of_a_background_stream_that_was_left_the_rest_is_recorded(
    here: AppProcess,
) -> None:
    body = asking("answer tokens=60 delay_ms=10", background=True)
    with (
        httpx.Client(base_url=here.url, headers=here.client.headers) as client,
        client.stream("POST", PATH, json=body) as answer,
    ):
        lines = answer.iter_lines()
        response_id = id_in(lines)
        deltas = (line for line in lines if '"delta":"' in line)
        assert [next(deltas) for _ in range(20)]
    left = here.record(answer.headers["x-request-id"])["usage"]
    rest = here.client.get(f"{PATH}/{response_id}", params={"stream": "true"})
    assert events(rest.content)[-1]["type"] == "response.completed"
    more = here.record(rest.headers["x-request-id"])["usage"]
    assert left["completion_tokens"] > 0
    assert left["completion_tokens"] + more["completion_tokens"] == 60


async def test_a_store_that_is_down_keeps_no_answer_from_its_caller() -> None:
    kept = KeptResponses(MemoryStore(limit=10))
    backend = Backend(endpoint="http://127.0.0.1:1", deployment="gpt-4o")
    await kept.keep("me", "resp_1", KeptResponse(backend.resource, backend.deployment))


async def test_an_id_is_kept_for_its_owner_and_for_so_long() -> None:
    now = 0.0
    kept = KeptResponses(MemoryStore(clock=lambda: now))
    where = KeptResponse("http://127.0.0.1:1", "gpt-4o")
    await kept.keep("me", "resp_1", where)
    assert await kept.find("me", "resp_1") == where
    with pytest.raises(NotFound):
        await kept.find("you", "resp_1")
    now = MEMORY_SECONDS + 1.0
    with pytest.raises(NotFound):
        await kept.find("me", "resp_1")


async def test_of_two_who_see_the_end_one_counts_it() -> None:
    kept = KeptResponses(MemoryStore())
    await kept.keep(
        "me", "resp_1", KeptResponse("http://127.0.0.1:1", "gpt-4o", (2, 3))
    )
    told = [await kept.count("me", "resp_1", Usage(5, 7, 12)) for _ in range(2)]
    assert told == [Usage(3, 4, 7), None]
