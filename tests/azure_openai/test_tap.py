"""The tap: the bytes that come out, and what has been read of them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import tap as tap_module
from proxy.body_tap import BodyTap
from proxy.tap import StreamTap
from runs import ModelCall, Run
from streaming.events import Usage
from tests.azure_openai.completion_streams import (
    STREAMED,
    Json,
    recorded,
    splits,
    streams,
    texts,
    without_usage,
)


class Tapped:
    """A tap, and what has been read by it."""

    def __init__(self, *, asked: bool) -> None:
        self.run, self.call = Run(), ModelCall("gpt-4o")
        self.tap = StreamTap(self.run, self.call, asked=asked)

    def read(self, *pieces: bytes) -> bytes:
        """What comes out of all of them."""
        return b"".join([*map(self.tap.feed, pieces), self.tap.end()])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_recorded_streams_come_out_however_they_are_split(data: st.DataObject) -> None:
    stream = recorded(data.draw(st.sampled_from(STREAMED)))
    asked = data.draw(st.booleans())
    pieces = data.draw(splits(stream))
    expected = without_usage(stream) if asked else stream
    assert Tapped(asked=asked).read(*pieces) == expected


@settings(max_examples=200, deadline=None)
@given(streams(), st.data())
def test_made_up_streams_come_out_however_they_are_split(
    stream: tuple[bytes, bytes, Json], data: st.DataObject
) -> None:
    whole, asked, usage = stream
    before, _, after = whole.partition(asked)
    pieces = data.draw(splits(whole))
    tapped = Tapped(asked=True)
    assert tapped.read(*pieces) == before + after
    assert tapped.call.usage == usage_of(usage)
    assert Tapped(asked=False).read(*pieces) == whole


def usage_of(usage: Json) -> Usage:
    prompt = usage.get("prompt_tokens_details") or {}
    completion = usage.get("completion_tokens_details") or {}
    return Usage(
        usage["prompt_tokens"],
        usage["completion_tokens"],
        usage["total_tokens"],
        prompt.get("cached_tokens", 0),
        completion.get("reasoning_tokens", 0),
    )


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_read_does_not_depend_on_the_split(data: st.DataObject) -> None:
    stream = recorded(
        data.draw(st.sampled_from(sorted(set(STREAMED) - {"big", "too_long_call"})))
    )
    whole, split = Tapped(asked=True), Tapped(asked=True)
    whole.read(stream)
    split.read(*data.draw(splits(stream)))
    assert split.run.content == whole.run.content
    assert split.call.usage == whole.call.usage
    assert split.call.finish_reason == whole.call.finish_reason
    assert split.tap.done == whole.tap.done
    assert split.tap.unrecorded == whole.tap.unrecorded


@settings(max_examples=200, deadline=None)
@given(st.lists(texts | st.sampled_from(["", '","x":"', "\\", "\n"])), st.booleans())
def test_alike_chunks_are_read_as_if_they_were_decoded(
    said: list[str], escaped: bool
) -> None:
    chunk = '{"choices":[{"index":0,"delta":{"content":%s}}],"model":"m"}'
    values = [json.dumps(text, ensure_ascii=escaped) for text in said]
    # Half a string, which makes something else of the chunk.
    values += ['"a","role":"b"', '"', '"\\"', "null", '["part"]', '"end"']
    stream = "".join(f"data: {chunk % value}\n\n" for value in values)
    tapped = Tapped(asked=True)
    tapped.read(stream.encode("utf-8", "surrogatepass"))
    assert "".join(tapped.run.content) == "".join(said) + "apartend"


def test_what_is_odd_is_passed_on_and_counts_for_nothing() -> None:
    odd: list[Json] = [
        {"choices": [{"delta": {"content": {"text": "x"}}}]},
        {"choices": [{"delta": [], "finish_reason": 7}]},
        {"choices": {"a": 1}},
        {"choices": [], "usage": {"prompt_tokens": "many"}},
        {"choices": [], "usage": [1]},
    ]
    stream = b"".join(b"data: %b\n\n" % json.dumps(each).encode() for each in odd)
    tapped = Tapped(asked=False)
    assert tapped.read(stream) == stream
    assert tapped.run.content == ["x"]
    assert tapped.call.usage is None


@pytest.mark.parametrize(
    ("scenario", "content", "reason"),
    [
        ("answer tokens=2", "tok0 tok1", "stop"),
        ("length tokens=2", "tok0 tok1", "length"),
        ("filtered tokens=2", "tok0 tok1", "content_filter"),
        ("crlf tokens=2", "tok0 tok1", "stop"),
        ("async_block tokens=2", "tok0 tok1", "content_filter"),
        ("block_after_stop tokens=2", "tok0 tok1", "content_filter"),
        ("tools", "", "tool_calls"),
        ("refusal", "", "stop"),
        ("cut tokens=2", "tok0 tok1", None),
        ("answer text=a%22b%5C%0A%C3%A9 size=1", 'a"b\\\né', "stop"),
    ],
)
def test_what_is_read(scenario: str, content: str, reason: str | None) -> None:
    tapped = Tapped(asked=True)
    tapped.read(recorded(scenario))
    assert "".join(tapped.run.content) == content
    assert tapped.call.finish_reason == reason
    assert tapped.call.model == "gpt-4o-2024-11-20"


def test_openings_say_nothing_yet() -> None:
    stream = recorded("answer tokens=2")
    opening, role, first = stream.split(b"\n\n")[:3]
    tapped = Tapped(asked=True)
    for event, spoken in ((opening, False), (role, False), (first, True)):
        tapped.tap.feed(event + b"\n\n")
        assert tapped.run.spoken is spoken
        shown = tapped.run.done().time_to_first_chunk_ms is not None
        assert shown is spoken


def test_only_the_first_such_chunk_is_taken_out() -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n'
    assert Tapped(asked=True).read(usage + usage) == usage


def test_a_long_event_passes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "HELD", 10)
    stream = recorded("answer tokens=1")
    tapped = Tapped(asked=True)
    first = stream[:40]
    assert tapped.tap.feed(first) == first
    assert not tapped.tap.between
    assert first + tapped.read(stream[40:]) == without_usage(stream)
    assert tapped.tap.between


@pytest.mark.parametrize("size", [1000, 30_000])
def test_what_passes_in_pieces_is_told_and_counted(size: int) -> None:
    said = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
    long = said % (b"x" * 100_000)
    stream = said % b"Hello " + long + long + said % b"." + b"data: [DONE]\n\n"
    tapped = Tapped(asked=True)
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert tapped.read(*pieces) == stream
    assert (tapped.run.content, tapped.run.unread) == (["Hello ", "."], True)
    assert tapped.tap.unread_bytes == 2 * len(long)
    assert tapped.call.finish_reason == "stop"


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_long_event_is_read_or_told_to_be_unread(data: st.DataObject) -> None:
    stream, tapped = recorded("big bytes=200000"), Tapped(asked=True)
    long = max(stream.split(b"\n\n"), key=len) + b"\n\n"
    text = json.loads(long[6:])["choices"][0]["delta"]["content"]
    assert tapped.read(*data.draw(splits(stream))) == without_usage(stream)
    read = "".join(tapped.run.content), tapped.run.unread, tapped.tap.unread_bytes
    assert read in [(text, False, 0), ("", True, len(long))]


def test_an_error_in_the_stream_is_read_and_passed_on() -> None:
    tapped = Tapped(asked=True)
    stream = recorded("error_event tokens=1")
    assert tapped.read(stream) == stream
    assert tapped.tap.error is not None
    assert tapped.tap.error.code == "upstream_error"


def body_tap(body: bytes, status: int = 200) -> tuple[BodyTap, Run, ModelCall]:
    run, call = Run(), ModelCall("gpt-4o")
    tap = BodyTap(run, call, status=status)
    pieces = [body[i : i + 5000] for i in range(0, len(body), 5000)]
    assert b"".join([*map(tap.feed, pieces), tap.end()]) == body
    return tap, run, call


def test_an_answer_that_is_no_stream_is_read_at_its_end() -> None:
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    answer = {
        "model": "gpt-4o-2024-11-20",
        "choices": [{"index": 0, "message": message, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 2, "completion_tokens": 1, "total_tokens": 3},
    }
    _, run, call = body_tap(json.dumps(answer).encode())
    assert (run.content, call.finish_reason) == (["Hi"], "length")
    assert call.usage == Usage(2, 1, 3)


@pytest.mark.parametrize("size", [10, 200_000])
def test_embeddings_have_usage_and_no_finish(size: int) -> None:
    answer = {
        "data": [{"embedding": [0.125] * size}],
        "model": "ada",
        "usage": {"prompt_tokens": 8, "total_tokens": 8},
    }
    tap, _, call = body_tap(json.dumps(answer).encode())
    assert call.usage == Usage(8, 0, 8)
    assert call.finish_reason == "stop"
    assert tap.error is None


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"choices":[]}', b'{"data":null}', b'{"choices":[{}]}']
)
def test_an_answer_of_nothing_has_no_finish(body: bytes) -> None:
    tap, _, call = body_tap(body)
    assert (tap.error, call.finish_reason) == (None, None)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"error":{"code":"content_filter"}}', "content_filter"),
        (
            400,
            b'{"error":{"code":"context_length_exceeded"}}',
            "context_length_exceeded",
        ),
        (400, b'{"error":{"code":null}}', "invalid_request"),
        (404, b'{"error":{"code":"DeploymentNotFound"}}', "deployment_not_found"),
        (429, b'{"error":{"code":"429"}}', "rate_limited"),
        (500, b"<html>", "upstream_error"),
        (504, b"", "upstream_timeout"),
    ],
)
def test_a_refusal_is_recorded_as_what_it_is(
    status: int, body: bytes, code: str
) -> None:
    tap, _, _ = body_tap(body, status)
    assert tap.error is not None
    assert tap.error.code == code
