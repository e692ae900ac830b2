"""How a response ends, what it repeats, and its errors."""

import json

import pytest

from streaming import dialects
from streaming.errors import Cancelled, InvalidRequest, Overloaded, RateLimited
from streaming.events import Error, Event, FinishReason, ToolCall
from tests.streaming.dialects.dialect_output import (
    BROKE_OFF,
    CALL,
    REASONING,
    ended,
    said,
    written,
)
from tests.streaming.dialects.response_events import (
    ASKED,
    message,
    repeating,
    run,
    told,
    whole,
)


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        ("length", "max_output_tokens"),
        ("budget", "max_output_tokens"),
        ("content_filter", "content_filter"),
    ],
)
async def test_an_answer_that_was_cut_is_incomplete_and_so_is_its_last_item(
    reason: FinishReason, detail: str
) -> None:
    _, last = await run(*said("a"), *ended(reason))
    assert last["type"] == "response.incomplete"
    assert last["response"]["incomplete_details"] == {"reason": detail}
    assert last["response"]["output"] == [message(0, "a", "incomplete")]
    assert last["response"]["completed_at"] is None
    second = ToolCall("d", "call_2", "look_up", '{"ci')
    _, last = await run(*said("a"), CALL, second, *ended(reason))
    assert [each["status"] for each in last["response"]["output"]] == [
        "completed",
        "completed",
        "incomplete",
    ]


BUSY = RateLimited("Busy.", retry_after_ms=6500)


@pytest.mark.parametrize(
    ("failure", "status", "code", "kind", "said_"),
    [
        (
            [BROKE_OFF, *ended("error")],
            *("failed", "server_error", "upstream_incomplete"),
            "The model's answer broke off.",
        ),
        (
            [Error("d", BUSY), *ended("error")],
            *("failed", "rate_limit_exceeded", "rate_limited"),
            "Busy. Please try again in 7s.",
        ),
        (
            ended("deadline"),
            *("failed", "server_error", "deadline", "The answer took too long."),
        ),
        (
            ended("cancelled"),
            *("cancelled", "server_error", "cancelled", "The run was cancelled."),
        ),
    ],
)
async def test_a_failure_is_the_last_event_and_its_calls_are_nobodys(
    failure: list[Event], status: str, code: str, kind: str, said_: str
) -> None:
    _, last = await run(CALL, *said("a"), *failure)
    assert last["type"] == "response.failed"
    response = last["response"]
    assert response["output"] == [message(0, "a", "incomplete")]
    assert response["status"] == status
    assert response["error"] == {
        "code": code,
        "message": said_,
        "type": kind,
        "param": None,
    }
    assert response["usage"]["total_tokens"] == 7


async def test_a_stopped_answer_is_none_for_who_waits_for_it() -> None:
    with pytest.raises(Cancelled):
        await whole(*said("a"), *ended("cancelled"))
    behind = {"response": {"background": True}, "echo": repeating(background=True)}
    found = await whole(*said("a"), *ended("cancelled"), **behind)
    assert found["status"] == "cancelled"


async def test_in_the_background_it_waits_for_its_turn() -> None:
    behind = {"response": {"background": True}, "echo": repeating(background=True)}
    first, second, third, *_ = await told(*said("a"), *ended(), **behind)
    found = [(each["type"], each["response"]["status"]) for each in (first, second)]
    assert found == [("response.created", "queued"), ("response.queued", "queued")]
    assert third["response"]["status"] == "in_progress"
    assert (await whole(**behind))["status"] == "queued"
    assert (await whole(*said("a"), **behind))["status"] == "in_progress"


async def test_what_was_seen_is_not_told_again() -> None:
    events = (REASONING, *said("a", "b"), CALL, *ended("tool_calls"))
    frames = (await written("responses", *events, **ASKED)).split(b"\n\n")
    for after in range(len(frames) - 2):
        rest = await written("responses", *events, **ASKED, response={"after": after})
        assert rest.split(b"\n\n") == frames[after + 1 :]


async def test_a_request_is_repeated() -> None:
    found = await whole(*ended(), echo=repeating(user="u", temperature=0.5))
    assert (found["user"], found["temperature"], found["top_p"]) == ("u", 0.5, 1.0)


def test_an_error_is_in_openais_form_and_names_the_wires_own_field() -> None:
    wire = dialects.load("responses")
    wrong = InvalidRequest("max_tokens: expected 1", param="max_tokens")
    assert json.loads(wire.error(wrong, "r")) == {
        "error": {
            "message": "max_output_tokens: expected 1",
            "type": "invalid_request_error",
            "param": "max_output_tokens",
            "code": "invalid_request",
        }
    }
    assert json.loads(wire.error(Overloaded(), "r"))["error"]["code"] == "overloaded"
