"""Streams of chat completions as bytes: the stand-in's, and made up ones."""

import json
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tests.standin.answers import Call
from tests.standin.completion import Completion
from tests.standin.delivery import REWRITERS, encoded
from tests.standin.directive import ChatRequest, Directive
from tests.standin.scenarios import SCENARIOS, steps

Json = dict[str, Any]

STREAMED = sorted(
    set(SCENARIOS)
    - {
        "bad_param",
        "context_length",
        "drop_before",
        "forbidden",
        "no_stream_options",
        "not_found",
        "prompt_filtered",
        "quota",
        "responses_only",
        "rate_limited",
        "server_error",
        "unauthorized",
    }
)
"""The scenarios whose answer is a stream."""


def recorded(scenario: str, *, asked: bool = True) -> bytes:
    """What the stand-in sends, pauses and lost connections aside."""
    directive = Directive.parse(f"standin:{scenario}")
    request = ChatRequest.model_validate(
        {
            "messages": [{"role": "user", "content": "hello"}],
            "stream": True,
            "stream_options": {"include_usage": asked},
        }
    )
    call = Call(directive, request, "gpt-4o", azure=True)
    sent = encoded(steps(call, seen=1), Completion(prompt_tokens=7, cached_tokens=3))
    if rewrite := REWRITERS.get(directive.name):
        sent = rewrite(sent)
    return b"".join(item for item in sent if isinstance(item, bytes))


texts = st.text(max_size=12)
usages = st.fixed_dictionaries(
    {
        "prompt_tokens": st.integers(0, 9999),
        "completion_tokens": st.integers(0, 9999),
        "total_tokens": st.integers(1, 9999),
    },
    optional={
        "prompt_tokens_details": st.none()
        | st.fixed_dictionaries({"cached_tokens": st.integers(0, 99)}),
        "completion_tokens_details": st.none()
        | st.fixed_dictionaries({"reasoning_tokens": st.integers(0, 99)}),
    },
)
deltas = st.fixed_dictionaries(
    {},
    optional={
        "role": st.just("assistant"),
        "content": st.none() | texts,
        "refusal": st.none() | texts,
        "reasoning_content": texts,
        "tool_calls": st.lists(
            st.fixed_dictionaries({"function": st.dictionaries(texts, texts)})
        ),
    },
)
choices = st.fixed_dictionaries(
    {"index": st.integers(0, 1)},
    optional={
        "delta": deltas | st.none(),
        "finish_reason": st.none() | st.sampled_from(["stop", "length"]),
        "content_filter_results": st.dictionaries(texts, st.booleans(), max_size=2),
    },
)
chunks = st.fixed_dictionaries(
    {"id": texts, "choices": st.lists(choices, min_size=1, max_size=2)},
    optional={"model": texts, "usage": st.none(), "obfuscation": texts},
)
odd = st.sampled_from(
    [
        ": a comment",
        "event: something\ndata: {}",
        "data: [1, 2]",
        "data: {not json",
        "data",
        "id: 7",
        'data: {"choices": 7}',
        'data: {"choices": [null]}',
        'data: {"choices": [], "prompt_filter_results": [{}]}',
        "",
    ]
)


@st.composite
def events(draw: st.DrawFn) -> str:
    """One event, or what passes for one."""
    if draw(st.integers(0, 4)) == 0:
        return draw(odd)
    chunk = json.dumps(draw(chunks), ensure_ascii=draw(st.booleans()))
    return draw(st.sampled_from(["data: ", "data:", "id: 1\ndata: "])) + chunk


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, bytes, Json]:
    """What is sent, what of it was asked for, and the usage that says."""
    kinds = [["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"]]
    ends = st.sampled_from(draw(st.sampled_from(kinds)))

    def framed(event: str) -> bytes:
        text = "".join(line + draw(ends) for line in event.split("\n"))
        return (text + draw(ends)).encode("utf-8", "surrogatepass")

    before = b"".join(map(framed, draw(st.lists(events(), max_size=8))))
    usage = draw(usages)
    gap = draw(st.sampled_from(["", " "]))
    answer = json.dumps({"id": "x", "choices": [], "usage": usage})
    asked = framed("data: " + answer.replace(": ", f":{gap}"))
    after = b"".join(map(framed, draw(st.lists(odd, max_size=2))))
    done = framed("data: [DONE]") if draw(st.booleans()) else b"data: half"
    return before + asked + after + done, asked, usage


@st.composite
def splits(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """*whole* in pieces, of which some may be of one byte."""
    last = len(whole)
    cuts = draw(st.lists(st.integers(0, last), max_size=12))
    if draw(st.booleans()) and whole:
        at = draw(st.integers(0, last - 1))
        cuts += range(at, min(at + 8, last))
    bounds = sorted({0, *cuts, last})
    return [whole[a:b] for a, b in pairwise(bounds)]


def without_usage(stream: bytes) -> bytes:
    """*stream* minus the first event whose chunk has usage and no choices."""
    end = b"\r\n\r\n" if b"\r" in stream else b"\n\n"
    events = stream.split(end)
    for index, event in enumerate(events):
        if b'"choices":[],"usage":{' in event:
            return end.join(events[:index] + events[index + 1 :])
    return stream
