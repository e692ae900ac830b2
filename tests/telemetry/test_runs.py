"""A run's numbers and endings, from the callbacks LangChain makes."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.runnables import RunnableConfig

from runnables.callback import RunCallback
from runs import ModelCall, Run
from runs.tokens import count_tokens
from streaming.errors import ContentFiltered, DeadlineExceeded
from streaming.events import TextDelta, ToolCall, ToolResult, Usage
from streaming.upstream_errors import UpstreamError
from telemetry import records
from tests.support.example_chains import ScriptedModel, finish


def new_run() -> Run:
    return Run(chain="c", dialect="json")


async def ask(run: Run, *script: Any, seconds: float = 5) -> None:
    model = ScriptedModel(script=list(script))
    config: RunnableConfig = {"callbacks": [RunCallback(run)]}
    async with asyncio.timeout(seconds):
        async for _ in model.astream("four words of prompt", config):
            pass


async def test_usage_and_finish_reason_are_the_providers() -> None:
    run = new_run()
    await ask(run, "a", finish("length", 3))
    assert run.usage == Usage(30, 3, 33)
    assert run.finish_reason == "length"
    assert run.deployment == "scripted-1"
    assert run.failure is None


async def test_calls_are_summed_and_the_last_one_says_why_it_ended() -> None:
    run = new_run()
    await ask(run, "a", finish("length", 1))
    await ask(run, "b", finish("stop", 2))
    assert run.usage == Usage(30, 3, 33)
    assert run.finish_reason == "stop"


async def test_a_content_filter_beats_every_other_reason() -> None:
    run = new_run()
    await ask(run, "a", finish("content_filter"), finish("stop"))
    await ask(run, "b", finish("stop"))
    assert run.finish_reason == "content_filter"


@pytest.mark.parametrize("reason", ["stop", "tool_calls"])
async def test_a_call_that_waits_is_the_reason_also_of_a_model_that_says_stop(
    reason: str,
) -> None:
    run = new_run()
    await ask(run, "a", finish(reason))
    run.see(ToolCall("m", "call-1", "weather", {}))
    waiting = run.finish_reason
    run.see(ToolResult("m", "call-1", "weather", "sunny"))
    assert (waiting, run.finish_reason) == ("tool_calls", "stop")


async def test_the_last_reason_of_a_call_wins_and_they_are_not_merged() -> None:
    run = new_run()
    await ask(run, "a", finish("stop"), finish("length"))
    assert run.finish_reason == "length"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("stop_reason", "end_turn", "stop"),
        ("stop_reason", "max_tokens", "length"),
        ("stop_reason", "tool_use", "tool_calls"),
        ("stopReason", "end_turn", "stop"),
        ("done_reason", "stop", "stop"),
        ("finish_reason", "STOP", "stop"),
        ("status", "completed", "stop"),
        ("finish_reason", "model_length", "length"),
        ("stop_reason", "model_context_window_exceeded", "length"),
        ("finish_reason", "content_filter: RECITATION", "content_filter"),
        ("finish_reason", "PROHIBITED_CONTENT", "content_filter"),
        ("finish_reason", "sensitive", "content_filter"),
        ("stopReason", "guardrail_intervened", "content_filter"),
    ],
)
async def test_other_providers_words_are_understood(
    key: str, value: str, expected: str
) -> None:
    run = new_run()
    await ask(run, "a", AIMessageChunk(content="", response_metadata={key: value}))
    assert run.last_call is not None
    assert run.last_call.finish_reason == expected
    assert run.failure is None


async def test_a_model_of_ones_own_need_not_say_why_it_ended() -> None:
    run = new_run()
    await ask(run, "all of it")
    assert run.failure is None
    assert run.finish_reason == "stop"
    assert run.usage.estimated


async def test_a_cancelled_call_is_estimated_from_what_it_had_said() -> None:
    run = new_run()
    with pytest.raises(TimeoutError):
        await ask(run, "eight characters", 60.0, seconds=1)
    run.finish(cancelled=True)
    assert run.status == "cancelled"
    assert records.build(run, content=False)["finish_reason"] is None
    assert run.usage.estimated
    assert run.usage.output_tokens == count_tokens("eight characters")
    assert run.usage.input_tokens > 0


async def test_text_and_thoughts_in_blocks_count_as_they_come() -> None:
    run = new_run()
    thought = {"type": "reasoning", "reasoning": "Hm"}
    said = {"type": "text", "text": "Alpha"}
    await ask(run, *(AIMessageChunk(content=[block]) for block in (thought, said)))
    assert run.last_call is not None
    assert (run.last_call.other_bytes, run.last_call.output_bytes) == (2, 5)


async def test_a_call_that_was_refused_costs_nothing() -> None:
    run = new_run()
    with pytest.raises(OSError, match="refused"):
        await ask(run, OSError("refused"))
    assert run.usage == Usage()


async def test_a_prompt_that_was_filtered_is_billed() -> None:
    class FilteredError(Exception):
        code = "content_filter"

    run = new_run()
    with pytest.raises(FilteredError):
        await ask(run, FilteredError())
    assert run.usage.input_tokens > 0
    assert run.usage.estimated


async def test_reasoning_and_cached_tokens_are_kept_apart() -> None:
    run = new_run()
    usage: Any = {
        "input_tokens": 9,
        "output_tokens": 5,
        "total_tokens": 14,
        "input_token_details": {"cache_read": 4},
        "output_token_details": {"reasoning": 3},
    }
    metadata = {"finish_reason": "stop", "model_name": "m-2024"}
    last = AIMessageChunk(content="", response_metadata=metadata, usage_metadata=usage)
    await ask(run, last)
    assert run.usage == Usage(9, 5, 14, 4, 3)
    assert records.build(run, content=False)["model"] == "m-2024"


def test_no_call_is_no_usage_and_no_estimate() -> None:
    assert new_run().usage == Usage()


def test_latency_is_the_first_chunk_and_the_streaming_together() -> None:
    run = new_run()
    run.see(TextDelta("d", "a"))
    run.finish()
    done = run.done()
    assert done.time_to_first_chunk_ms is not None
    assert done.latency_ms == done.time_to_first_chunk_ms + done.streaming_duration_ms


@pytest.mark.parametrize(
    ("error", "status", "finish_reason"),
    [
        (None, "ok", "stop"),
        (UpstreamError(""), "error", "error"),
        (ContentFiltered(""), "content_filter", "error"),
        (DeadlineExceeded(""), "deadline", "deadline"),
    ],
)
def test_endings(error: Any, status: str, finish_reason: str) -> None:
    run = new_run()
    run.finish(error)
    run.finish(cancelled=True)  # What comes after changes nothing.
    assert (run.status, run.finish_reason) == (status, finish_reason)


def test_an_answer_that_was_filtered_has_that_status() -> None:
    run = new_run()
    run.begin_call(1, ModelCall("d", finish_reason="content_filter", ended=True))
    run.finish()
    assert run.status == "content_filter"


def test_what_a_call_has_said_before_it_broke_off_is_counted() -> None:
    """In a graph the response of the failure has nothing of it."""
    run, call = new_run(), uuid4()
    callback = RunCallback(run)
    callback.on_chat_model_start(
        {}, [[HumanMessage("four words of prompt")]], run_id=call
    )
    callback.on_llm_new_token("x" * 400, run_id=call)
    callback.on_llm_error(RuntimeError(), run_id=call)
    assert run.usage.estimated
    assert run.usage.output_tokens == 100
