"""What a person has decided on a page, as `useChat` posts it."""

from typing import Any

import pytest

from streaming.dialects.ui_message import to_request
from streaming.errors import InvalidRequest

STEP = {"type": "step-start"}
HITL = {"value": {"action_requests": [{"name": "pay"}, {"name": "send"}]}}


def decided(key: str, approved: Any, *, asked: Any = None, **more: Any) -> Any:
    return {
        "type": "dynamic-tool",
        "toolName": "interrupt",
        "toolCallId": key,
        "state": "approval-responded",
        "input": asked or {"value": "Shall I?"},
        "approval": {"id": key, "approved": approved, **more},
    }


def posted(*parts: Any, **fields: Any) -> Any:
    asked = {"id": "u", "role": "user", "parts": [{"type": "text", "text": "Pay"}]}
    answer = {"id": "a", "role": "assistant", "parts": [*parts]}
    return {"messages": [asked, answer], "thread_id": "t1", **fields}


def test_decisions_of_the_last_step_are_the_resume() -> None:
    request = to_request(
        posted(decided("old", True), STEP, decided("i1", True), decided("i2", False))
    )
    assert request.resume == {"i1": True, "i2": False}
    assert request.by_id
    assert (request.thread_id, request.messages) == ("t1", [])
    assert request.continues == "a"


def test_the_middlewares_questions_get_a_decision_for_each_call() -> None:
    yes = to_request(posted(decided("i1", True, asked=HITL)))
    assert yes.resume == {"i1": {"decisions": [{"type": "approve"}] * 2}}
    no = to_request(posted(decided("i1", False, asked=HITL, reason="Too much")))
    rejected = {"type": "reject", "message": "Too much"}
    assert no.resume == {"i1": {"decisions": [rejected] * 2}}


def test_a_body_may_have_any_other_answer() -> None:
    for parts in ([STEP], [STEP, decided("i1", True)]):
        own = to_request(posted(*parts, resume={"any": 1}))
        assert (own.resume, own.by_id) == ({"any": 1}, False)


def test_a_decision_needs_a_thread() -> None:
    with pytest.raises(InvalidRequest, match="resume: needs the 'thread_id'"):
        to_request(posted(decided("i1", True), thread_id=None))


@pytest.mark.parametrize("approved", ["yes", None, 1])
def test_what_is_no_decision_is_none(approved: Any) -> None:
    assert to_request(posted(decided("i1", approved))).resume is None


def test_a_message_after_a_decision_is_a_message() -> None:
    fields = posted(decided("i1", True))
    more = {"id": "u2", "role": "user", "parts": [{"type": "text", "text": "No"}]}
    request = to_request({**fields, "messages": [*fields["messages"], more]})
    assert request.resume is None
    assert request.messages[-1].content == "No"
