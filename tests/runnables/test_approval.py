"""Agents whose tools wait for a person's approval."""

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import JsonValue

from streaming.approvals import decision
from streaming.events import Event, Interrupt, TextDelta, ToolCall, ToolResult
from tests.support.kept_graphs import Conversation, error, text
from tests.support.kinds import Model, calling, finish

CALL = ("Let me pay. ", calling("pay", '{"amount": 5}'), finish("tool_calls"))
ANSWER = ("Done.", finish())


class Strict(Model):
    """Refuses, as providers do, a conversation in which a call has no result."""

    async def _astream(self, messages: list[BaseMessage], *a: Any, **k: Any) -> Any:
        for place, message in enumerate(messages):
            calls = message.tool_calls if isinstance(message, AIMessage) else []
            following = messages[place + 1 : place + 1 + len(calls)]
            results = {m.tool_call_id for m in following if isinstance(m, ToolMessage)}
            assert results == {call["id"] for call in calls}
        async for chunk in super()._astream(messages, *a, **k):
            yield chunk


def paying(paid: list[int], *scripts: Any, **options: Any) -> Conversation:
    @tool
    def pay(amount: int) -> str:
        """Pay."""
        paid.append(amount)
        return f"Paid {amount}."

    @tool
    def refund(amount: int) -> str:
        """Pay back."""
        paid.append(-amount)
        return f"Paid {amount} back."

    model = Strict(scripts=scripts or (CALL, ANSWER))
    middleware = [HumanInTheLoopMiddleware({"pay": True}, **options)]
    return Conversation(create_agent(model, [pay, refund], middleware=middleware))


def without_ids(events: list[Event]) -> list[Event | str]:
    return ["asked" if isinstance(each, Interrupt) else each for each in events]


DECISIONS: dict[str, tuple[dict[str, JsonValue], list[int], str]] = {
    "approve": ({"type": "approve"}, [5], "Paid 5."),
    "reject": ({"type": "reject", "message": "Too much"}, [], "Too much"),
    "edit": (
        {"type": "edit", "edited_action": {"name": "pay", "args": {"amount": 3}}},
        [3],
        "Paid 3.",
    ),
}


@pytest.mark.parametrize("decision", DECISIONS)
async def test_a_tool_runs_only_as_a_person_decides(decision: str) -> None:
    paid: list[int] = []
    kept = paying(paid)
    asked = await kept.say("Pay 5")
    assert without_ids(asked) == [
        TextDelta("", "Let me pay. "),
        ToolCall("", "call_1", "pay", {"amount": 5}),
        "asked",
    ]
    assert paid == []
    answer, expected, result = DECISIONS[decision]
    found = await kept.resume({"decisions": [answer]})
    assert paid == expected
    shown = [each.content for each in found if isinstance(each, ToolResult)]
    assert [each.endswith(result) for each in shown] == [True]
    assert found[-1] == TextDelta("", "Done.")
    assert text(found) == "Done."
    assert kept.run.usage.total_tokens == 11


async def test_a_call_that_was_left_is_answered_so_that_the_talk_can_go_on() -> None:
    paid: list[int] = []
    kept = paying(paid)
    await kept.say("Pay 5")
    assert await kept.say("Never mind") == [TextDelta("", "Done.")]
    assert (paid, kept.run.status) == ([], "ok")
    assert await kept.say("Thanks") == [TextDelta("", "Done.")]


async def test_after_an_answer_that_is_no_decision_the_talk_can_begin_anew() -> None:
    """LangGraph keeps the answer, and gives it to the middleware each time."""
    paid: list[int] = []
    kept = paying(paid)
    await kept.say("Pay 5")
    await kept.resume(True)
    assert kept.run.status == "error"
    assert await kept.say("Never mind") == [TextDelta("", "Done.")]
    assert paid == []


def _edit(name: str) -> JsonValue:
    return {"type": "edit", "edited_action": {"name": name, "args": {"amount": 3}}}


WRONG: list[tuple[JsonValue, str]] = [
    (True, 'expected {"decisions": [...]} with 1 in the list'),
    ({"decisions": []}, 'expected {"decisions": [...]} with 1 in the list'),
    (
        {"decisions": [{"type": "ignore"}]},
        "expected a 'type', one of ['approve', 'edit', 'reject', 'respond'], "
        "in decisions.0",
    ),
    (
        {"decisions": [{"type": "edit", "edited_action": {"name": "pay"}}]},
        "expected an 'edited_action' with 'name' and 'args' in decisions.0",
    ),
    ({"decisions": [{"type": "respond"}]}, "expected a 'message' in decisions.0"),
    (
        {"decisions": [_edit("nope")]},
        "expected an 'edited_action' with a 'name' of ['pay', 'refund'] in decisions.0",
    ),
]


async def test_what_is_no_decision_is_refused_and_the_call_still_waits() -> None:
    paid: list[int] = []
    kept = paying(paid)
    await kept.say("Pay 5")
    for answer, message in WRONG:
        assert error(await kept.resume(answer)) == f"invalid_request: resume: {message}"
    await kept.resume({"decisions": [{"type": "approve"}]})
    assert paid == [5]


async def test_an_edit_may_name_another_tool_of_the_agent_wherever_that_is() -> None:
    for within in (False, True):
        paid: list[int] = []
        kept = paying(paid)
        if within:
            outer: Any = StateGraph(MessagesState).add_node("agent", kept.chain)
            kept = Conversation(outer.add_edge(START, "agent").compile())
        await kept.say("Pay 5")
        wrong = error(await kept.resume({"decisions": [_edit("nope")]}))
        assert wrong.endswith("['pay', 'refund'] in decisions.0")
        await kept.resume({"decisions": [_edit("refund")]})
        assert paid == [-3]


async def test_what_a_question_has_no_schema_for_is_refused() -> None:
    paid: list[int] = []
    kept = paying(paid, interrupt_mode="per_call")
    [*_, asked] = await kept.say("Pay 5")
    assert isinstance(asked, Interrupt)
    assert error(await kept.resume(True)) == (
        "invalid_request: resume: it is not what the question's `response_schema` "
        "asks for"
    )
    assert error(await kept.resume(_edit("refund"))) == (
        "invalid_request: resume: expected an 'edited_action' with a 'name' of ['pay'] "
        "in the answer"
    )
    await kept.resume(decision(asked.value, True, None))
    assert paid == [5]
