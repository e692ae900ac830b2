"""Counts of tokens that are none: the answer is whole, and nothing odd is recorded."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_openai import outcome
from proxy.body_tap import BodyTap
from runs import ModelCall, Run
from runs.tokens import MOST
from streaming.events import Usage
from telemetry import records
from tests.standin import odd
from tests.standin.process import StandIn
from tests.support.backend_pool import WAYS, PooledApp, asking, backend, text_of

numbers = st.integers() | st.integers(0, MOST) | st.just(odd.HUGE) | st.floats()
anything = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
names = st.sampled_from(
    (
        *("prompt_tokens", "completion_tokens", "total_tokens", "cached_tokens"),
        *("reasoning_tokens", "prompt_tokens_details", "completion_tokens_details"),
    )
)
usages = anything | st.dictionaries(names, anything | st.dictionaries(names, anything))


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("kind", odd.USAGE)
async def test_the_answer_is_whole_and_its_usage_read_or_estimated(
    standin: StandIn, kind: str, path: str, stream: bool
) -> None:
    pooled = PooledApp([backend(standin, "ptu")])
    async with pooled.served() as client:
        body = asking(path, f"odd_usage kind={kind} tokens=3", stream=stream)
        response = await client.post(path, json=body)
        assert text_of(path, response, stream=stream) == "tok0 tok1 tok2"
        usage = (await pooled.run()).usage
    if kind in odd.READABLE:
        assert usage == Usage(7, 3, 10)
    else:
        assert usage.estimated
        assert 0 < usage.output_tokens < usage.total_tokens < 100


@given(said=usages)
def test_what_is_read_is_a_count_or_nothing(said: Any) -> None:
    for usage in (outcome.usage(said), outcome.usage(outcome.readable(said))):
        if usage is not None:
            held(usage)


@given(said=st.lists(usages, max_size=3))
def test_calls_with_any_usage_are_recorded_in_64_bits(said: list[Any]) -> None:
    run = Run()
    for number, each in enumerate(said):
        call = ModelCall("gpt-4o", usage=outcome.usage(each))
        run.begin_call(number, call)
    held(run.usage)
    run.finish()
    records.loads(records.dumps(records.build(run, content=True)))


def held(usage: Usage) -> None:
    counts = (usage.input_tokens, usage.output_tokens, usage.total_tokens)
    for count in (*counts, usage.cached_tokens, usage.reasoning_tokens):
        assert type(count) is int
        assert 0 <= count <= MOST


def test_a_number_that_is_too_long_for_python_spoils_nothing_else() -> None:
    message = {"role": "assistant", "content": "Hi"}
    choice = {"index": 0, "message": message, "finish_reason": "length"}
    answer = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 0}})
    run, call = Run(), ModelCall("gpt-4o")
    tap = BodyTap(run, call, status=200)
    tap.feed(answer.replace(": 0}}", f": {'9' * 5000}}}}}").encode())
    tap.end()
    assert (run.content, call.finish_reason, call.usage) == (["Hi"], "length", None)
