"""Tool calls in `ui-message`: whose they are, and in which step."""

from streaming.events import ToolCall
from tests.streaming.dialects.dialect_output import (
    CALL,
    PAGE,
    RESULT,
    ended,
    said,
    written,
)
from tests.streaming.dialects.ui_message_chunks import (
    ANSWERED,
    CALLED,
    STEP_ENDS,
    chunks,
    finish,
    part,
    read,
)


async def test_an_answered_call_ends_its_step() -> None:
    """`sendAutomaticallyWhen` asks again while the last step is an answered call."""
    events = [*said("Wait."), CALL, RESULT, PAGE, *said("Done."), *ended()]
    source = {
        "type": "source-url",
        "sourceId": "1",
        "url": "https://example.com/paris",
        "title": "Paris",
    }
    assert await chunks(*events) == [
        *part("text", "1", "Wait."),
        CALLED,
        ANSWERED,
        source,
        STEP_ENDS,
        {"type": "start-step"},
        *part("text", "2", "Done."),
        STEP_ENDS,
        finish(),
    ]


async def test_a_call_that_the_page_has_to_answer_is_the_end() -> None:
    assert await chunks(CALL, *ended("tool_calls")) == [
        CALLED,
        STEP_ENDS,
        finish("tool-calls"),
    ]


async def test_an_answer_that_ends_with_a_result_ends_with_an_empty_step() -> None:
    assert await chunks(CALL, RESULT, *ended()) == [
        CALLED,
        ANSWERED,
        STEP_ENDS,
        {"type": "start-step"},
        STEP_ENDS,
        finish(),
    ]


async def test_a_call_that_waits_for_the_page_stays_in_the_last_step() -> None:
    waiting = ToolCall("d", "call_2", "locate", {})
    kinds = [chunk["type"] for chunk in await chunks(CALL, waiting, RESULT, *ended())]
    assert kinds.count("start-step") == 0


async def test_a_tool_of_the_page_is_not_dynamic() -> None:
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    asked = {"tools": tools}
    stream = await written("ui-message", CALL, *ended("tool_calls"), caller_tools=asked)
    shown = read(stream)[2]
    assert shown == {name: CALLED[name] for name in CALLED if name != "dynamic"}


async def test_an_answer_goes_on_with_the_message_that_the_page_has() -> None:
    stream = await written("ui-message", *said("a"), *ended(), continues="m7")
    assert read(stream)[0] == {"type": "start", "messageId": "m7"}


async def test_arguments_that_are_no_object_are_an_error_of_the_call() -> None:
    call = ToolCall("d", "call_1", "look_up", '{"city": "Par')
    shown, error, *_ = await chunks(call, *ended("tool_calls"))
    assert shown == {**CALLED, "input": '{"city": "Par'}
    assert error == {
        "type": "tool-output-error",
        "toolCallId": "call_1",
        "errorText": "The arguments are not a JSON object.",
        "providerExecuted": True,
        "dynamic": True,
    }


async def test_a_result_whose_call_was_not_shown_is_shown_with_one() -> None:
    shown, answered, *_ = await chunks(RESULT, *ended())
    assert shown == {**CALLED, "input": {}}
    assert answered == ANSWERED
