"""Runs that LangGraph's SDK streams, with and without a thread."""

from itertools import pairwise
from typing import Any

import pytest
from langgraph_sdk.errors import (
    APIStatusError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)

from tests.langgraph.sdk import (
    all_of,
    client,
    names,
    new_thread,
    of,
    said,
    streamed,
    text_of,
    texts,
)
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("langgraph-py")

QUESTION = "standin:answer tokens=3"
ANSWER = "tok0 tok1 tok2"


@pytest.mark.tries("stream")
async def test_a_run_on_a_thread_streams_its_messages_between_its_values(
    app: AppProcess,
) -> None:
    async with client(app) as sdk:
        parts = await streamed(sdk, await new_thread(sdk), "chat", QUESTION)
    assert names(parts) == ["metadata", "values", "messages", "updates", "end"]
    assert text_of(parts).strip() == ANSWER
    before, after = of("values", parts)
    assert texts(before) == [("human", QUESTION)]
    assert texts(after) == [("human", QUESTION), ("ai", ANSWER)]
    [update] = of("updates", parts)
    assert update == {"chat": {"messages": [after["messages"][-1]]}}
    chunks = [chunk for chunk, _ in of("messages", parts)]
    assert {each["id"] for each in chunks} == {after["messages"][-1]["id"]}
    assert chunks[-1]["response_metadata"]["finish_reason"] == "stop"
    assert chunks[-1]["usage_metadata"]["output_tokens"] == 3


@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_a_thread_goes_on_and_its_messages_keep_their_ids(
    graphs: AppProcess, chain: str
) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        first = of("values", await streamed(sdk, thread, chain, "one"))[-1]
        state: Any = await sdk.threads.get_state(thread)
        assert state["values"] == first
        second = await streamed(sdk, thread, chain, "two")
    before, after = of("values", second)
    assert before["messages"][:2] == after["messages"][:2] == first["messages"]
    assert [each for _, each in texts(before)] == ["one", '["one"]', "two"]
    assert len(after["messages"]) == 4
    assert before["messages"][2]["id"] == after["messages"][2]["id"]


@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_a_message_that_the_thread_has_is_not_added_again(
    graphs: AppProcess, chain: str
) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        first = of("values", await streamed(sdk, thread, chain, "one"))[-1]
        whole = {"messages": [*first["messages"], *said("two")["messages"]]}
        parts = await streamed(sdk, thread, chain, input=whole)
        assert len(of("values", parts)[-1]["messages"]) == 4
        with pytest.raises(BadRequestError, match="has each of them already"):
            await streamed(sdk, thread, chain, input=first)


@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_a_run_without_a_thread_has_its_values_and_keeps_none(
    graphs: AppProcess, chain: str
) -> None:
    async with client(graphs) as sdk:
        parts = await streamed(sdk, None, chain, "one")
        assert [each for _, each in texts(of("values", parts)[-1])] == [
            "one",
            '["one"]',
        ]
        values: Any = await sdk.runs.wait(None, chain, input=said("two"))
        assert [each for _, each in texts(values)] == ["two", '["two"]']
        found = await sdk.threads.search(limit=100)
        run_ids = {data["run_id"] for data in of("metadata", parts)}
        assert not run_ids & {each["thread_id"] for each in found}


@pytest.mark.tries("tools")
async def test_calls_of_tools_and_their_results_are_messages(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        parts = await streamed(sdk, await new_thread(sdk), "tool", "How is it?")
    kinds = [chunk["type"] for chunk, _ in of("messages", parts)]
    assert kinds == ["AIMessageChunk"] * 2 + ["tool"] + ["AIMessageChunk"] * 2
    _, called, result, again, _ = (chunk for chunk, _ in of("messages", parts))
    call = {"name": "weather", "args": {"city": "Bern"}, "id": "c1"}
    assert called["tool_calls"] == [{**call, "type": "tool_call"}]
    assert called["tool_call_chunks"][0]["args"] == '{"city":"Bern"}'
    assert (result["tool_call_id"], result["content"]) == ("c1", "sunny")
    assert again["content"] == "It is sunny."
    shown = of("values", parts)[-1]["messages"][1:]
    assert [each["id"] for each in shown] == [called["id"], result["id"], again["id"]]
    assert shown[0]["tool_calls"] == called["tool_calls"]


async def test_the_mode_messages_repeats_what_was_said(app: AppProcess) -> None:
    async with client(app) as sdk:
        parts = await all_of(
            sdk.runs.stream(
                None, "chat", input=said(QUESTION), stream_mode=["messages"]
            )
        )
    assert names(parts) == ["metadata", "messages/metadata", "messages/partial", "end"]
    so_far = [message["content"] for [message] in of("messages/partial", parts)]
    assert so_far[0] == "tok0"
    assert so_far[-1].strip() == ANSWER
    assert all(after.startswith(before) for before, after in pairwise(so_far))


async def test_reasoning_and_sources_are_told(app: AppProcess) -> None:
    async with client(app) as sdk:
        thought = await streamed(sdk, None, "chat", "standin:reasoning")
        cited = await streamed(sdk, None, "sources", "hello")
    more = [chunk["additional_kwargs"] for chunk, _ in of("messages", thought)]
    assert any(each.get("reasoning_content") for each in more)
    assert {each["name"] for each in of("custom", cited)} == {"citation"}


@pytest.mark.tries("error")
@pytest.mark.parametrize(
    ("scenario", "error", "status"),
    [
        ("rate_limited", RateLimitError, 429),
        ("prompt_filtered", BadRequestError, 400),
        ("unauthorized", InternalServerError, 502),
        ("server_error", InternalServerError, 502),
        ("not_found", NotFoundError, 404),
    ],
)
async def test_an_error_before_the_first_token_is_its_status(
    app: AppProcess, scenario: str, error: type[APIStatusError], status: int
) -> None:
    async with client(app) as sdk:
        with pytest.raises(error) as raised:
            await streamed(sdk, await new_thread(sdk), "chat", f"standin:{scenario}")
    assert raised.value.status_code == status


@pytest.mark.tries("error")
@pytest.mark.parametrize("scenario", ["cut", "drop", "malformed", "error_event"])
async def test_a_later_error_is_an_event_and_no_values_follow(
    app: AppProcess, scenario: str
) -> None:
    question = f"standin:{scenario} tokens=3"
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        parts = await streamed(sdk, thread, "chat", question)
        assert (await sdk.threads.get_state(thread))["checkpoint"] is None
    [error] = of("error", parts)
    assert error["error"].startswith("upstream_")
    assert error.keys() == {"error", "message"}
    assert len(of("values", parts)) == 1
    assert of("end", parts)[0]["status"] == "error"


@pytest.mark.tries("error")
@pytest.mark.parametrize(
    "scenario",
    [
        *("nothing", "drop_before", "drop_headers", "quota", "forbidden", "malformed"),
        *("context_length", "unknown_finish", "cut tokens=0", "error_event tokens=0"),
    ],
)
async def test_no_fault_of_a_provider_is_a_success(
    app: AppProcess, scenario: str
) -> None:
    async with client(app) as sdk:
        thread = await new_thread(sdk)
        try:
            parts = await streamed(sdk, thread, "chat", f"standin:{scenario}")
        except APIStatusError:
            parts = [("error", {})]
        assert of("error", parts)
        with pytest.raises(Exception, match=r"HTTPStatus|error"):
            await sdk.runs.wait(thread, "chat", input=said(f"standin:{scenario}"))
        assert (await sdk.threads.get_state(thread))["checkpoint"] is None


@pytest.mark.parametrize(("scenario", "reason"), [("length", "length")])
async def test_an_answer_that_was_cut_at_a_limit_says_so(
    app: AppProcess, scenario: str, reason: str
) -> None:
    async with client(app) as sdk:
        parts = await streamed(sdk, None, "chat", f"standin:{scenario}")
    last, _ = of("messages", parts)[-1]
    assert last["response_metadata"]["finish_reason"] == reason


async def test_silence_ends_as_an_error(impatient: AppProcess) -> None:
    async with client(impatient) as sdk:
        parts = await streamed(sdk, None, "chat", "standin:stall tokens=2")
    assert of("error", parts)[0]["error"] == "upstream_stall"


async def test_a_deadline_is_an_error(brief: AppProcess) -> None:
    question = "standin:answer tokens=100 delay_ms=100"
    async with client(brief) as sdk:
        parts = await streamed(sdk, None, "chat", question)
    assert of("error", parts)[0]["error"] == "deadline"


async def test_what_fails_while_it_is_waited_for_raises(app: AppProcess) -> None:
    async with client(app) as sdk:
        for scenario in ("rate_limited", "cut tokens=2", "drop tokens=2"):
            with pytest.raises(Exception, match=r"429|502"):
                await sdk.runs.wait(None, "chat", input=said(f"standin:{scenario}"))


async def test_a_busy_thread_is_a_conflict(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        run = await sdk.runs.create(thread, "slow", input=said("one"))
        with pytest.raises(ConflictError):
            await streamed(sdk, thread, "slow", "two")
        await sdk.runs.cancel(thread, run["run_id"], wait=True)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"stream_mode": ["values", "debug"]}, "stream_mode"),
        ({"stream_mode": "tools"}, "stream_mode"),
        ({"interrupt_before": ["tools"]}, "interrupt_before"),
        ({"webhook": "https://example.com"}, "webhook"),
        ({"after_seconds": 5}, "after_seconds"),
        ({"context": {"model": "x"}}, "context"),
        ({"multitask_strategy": "enqueue"}, "multitask_strategy"),
        ({"command": {"goto": "node"}}, "command.goto"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_name(
    graphs: AppProcess, asked: dict[str, Any], named: str
) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        with pytest.raises(InternalServerError, match=named) as raised:
            await streamed(sdk, thread, "echo", "one", **asked)
    assert raised.value.status_code == 501


async def test_unknown_assistants_and_threads_are_not_found(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        with pytest.raises(NotFoundError, match="Unknown chain"):
            await streamed(sdk, await new_thread(sdk), "nope", "one")
        with pytest.raises(NotFoundError, match="no thread"):
            await streamed(sdk, "never-created", "echo", "one")
        parts = await streamed(
            sdk, "made-by-its-run", "echo", "one", if_not_exists="create"
        )
        assert len(of("values", parts)[-1]["messages"]) == 2
        await sdk.threads.delete("made-by-its-run")


async def test_an_input_without_messages_asks_with_its_text(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        parts = await streamed(sdk, None, "echo", input={"question": "one"})
        assert of("values", parts)[-1]["messages"][-1]["content"] == '["one"]'
        with pytest.raises(BadRequestError, match="messages"):
            await streamed(sdk, None, "echo", input={"number": 1})
        with pytest.raises(BadRequestError, match="messages"):
            await streamed(sdk, None, "echo")
