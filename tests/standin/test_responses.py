"""The stand-in's Responses API, as its callers see it."""

import httpx

from tests.proxied_responses.response_streams import PATH, asking, events
from tests.standin.process import StandIn


def ask(standin: StandIn, scenario: str, **more: object) -> httpx.Response:
    headers = {"api-key": standin.key}
    body = asking(scenario, **more)
    return httpx.post(standin.url + PATH, json=body, headers=headers)


def test_each_item_is_opened_and_closed_and_each_event_numbered(
    standin: StandIn,
) -> None:
    told = events(ask(standin, "reasoning tokens=1").content)
    kinds = [event["type"].removeprefix("response.") for event in told]
    assert [kind for kind in kinds if not kind.endswith(".delta")] == [
        *("created", "in_progress"),
        *("output_item.added", "reasoning_summary_part.added"),
        *("reasoning_summary_text.done", "reasoning_summary_part.done"),
        *("output_item.done", "output_item.added", "content_part.added"),
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    assert told[-1]["response"]["usage"]["output_tokens"] == 8


def test_a_response_is_there_by_its_id_until_it_is_deleted(standin: StandIn) -> None:
    made = ask(standin, "answer tokens=2", stream=False).json()
    url, headers = f"{standin.url}{PATH}/{made['id']}", {"api-key": standin.key}
    assert httpx.get(url, headers=headers).json() == made
    assert httpx.get(f"{url}/input_items", headers=headers).json()["data"] == [
        {
            "id": "item_0",
            "type": "message",
            "role": "user",
            "content": "standin:answer tokens=2",
        }
    ]
    assert httpx.post(f"{url}/cancel", headers=headers).status_code == 400
    assert httpx.delete(url, headers=headers).json()["deleted"] is True
    assert httpx.get(url, headers=headers).status_code == 404


def test_a_response_of_the_background_is_followed_to_its_end(
    standin: StandIn,
) -> None:
    scenario = "answer tokens=5 delay_ms=20"
    made = ask(standin, scenario, stream=False, background=True).json()
    assert made["status"] == "in_progress"
    url, headers = f"{standin.url}{PATH}/{made['id']}", {"api-key": standin.key}
    query = {"stream": "true", "starting_after": "3"}
    told = events(httpx.get(url, params=query, headers=headers).content)
    assert told[0]["sequence_number"] == 4
    assert told[-1]["type"] == "response.completed"
