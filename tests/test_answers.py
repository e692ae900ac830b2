"""Whatever a model may answer, as a caller reads it, and the usage beside it."""

import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of


def test_usage_is_what_the_provider_sent(app: AppProcess) -> None:
    *_, (_, done) = app.events("standin:reasoning")
    assert done["usage"] == {
        "input_tokens": 6,
        "output_tokens": 18,
        "total_tokens": 24,
        "cached_tokens": 0,
        "reasoning_tokens": 7,
    }


@pytest.mark.parametrize(
    ("scenario", "finish_reason"),
    [
        ("length", "length"),
        ("filtered", "content_filter"),
        ("async_block start=0 end=3", "content_filter"),
        ("block_after_stop start=0 end=3", "content_filter"),
        ("async_filter", "stop"),
        ("tools", "tool_calls"),
        ("refusal", "stop"),
        ("crlf", "stop"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_finish_reasons_are_the_models(
    app: AppProcess, scenario: str, finish_reason: str, stream: bool
) -> None:
    response = app.chat(f"standin:{scenario}", stream=stream)
    done = read_events(response)[-1][1] if stream else response.json()
    assert done["finish_reason"] == finish_reason


def test_the_asynchronous_filters_block_redacts_by_its_offsets(app: AppProcess) -> None:
    events = app.events("standin:async_block start=4 end=17")
    redact = {"deployment": "gpt-4o", "start_offset": 4, "end_offset": 17}
    assert events[-2] == ("redact", redact)
    answer = app.chat("standin:async_block start=4 end=17", stream=False).json()
    assert answer["redactions"] == [{"start_offset": 4, "end_offset": 17}]


def test_annotations_that_block_nothing_are_not_shown(app: AppProcess) -> None:
    names = {name for name, _ in app.events("standin:async_filter")}
    assert names == {"message", "done"}


def test_a_refusals_text_is_answer_text(app: AppProcess) -> None:
    assert text_of(app.events("standin:refusal")) == "I cannot help with that."


def test_reasoning_is_an_event_of_its_own(app: AppProcess) -> None:
    events = app.events("standin:reasoning")
    reasoning = [
        data["delta_reasoning"] for name, data in events if name == "reasoning"
    ]
    assert "".join(reasoning).startswith("The question is about")
    assert "delta_reasoning" not in dict(events)["message"]


def test_tool_calls_come_whole(app: AppProcess) -> None:
    *calls, (_, done) = app.events("standin:tools calls=2")
    assert [(name, data["name"], data["args"]) for name, data in calls] == [
        ("tool_call", "get_weather", {"city": "Paris"}),
        ("tool_call", "get_weather", {"city": "London"}),
    ]
    assert done["finish_reason"] == "tool_calls"
    answer = app.chat("standin:tools", stream=False).json()
    assert answer["tool_calls"][0]["args"] == {"city": "Paris"}


def test_text_of_any_script_survives_any_split_of_its_bytes(app: AppProcess) -> None:
    text = text_of(app.events("standin:utf8_split"))
    for character in "é漢😀\u2028\u2029\x85":
        assert character in text


def test_no_frame_has_a_line_break_that_only_unicode_knows(app: AppProcess) -> None:
    body = app.chat("standin:utf8_split").content
    assert b"\\u2028" in body
    assert not any(c.encode() in body for c in "\u2028\u2029\x85")


def test_a_chunk_of_a_megabyte_is_not_lost(app: AppProcess) -> None:
    assert len(text_of(app.events("standin:big bytes=1048576"))) == 1048576


def test_usage_that_was_asked_for_and_not_sent_is_estimated(app: AppProcess) -> None:
    *_, (_, done) = app.events("standin:usage_null tokens=8")
    assert done["usage"]["estimated"] is True
    assert done["usage"]["output_tokens"] > 0


def test_a_deployment_that_refuses_stream_options_is_asked_once_without(
    small: AppProcess, standin: StandIn
) -> None:
    first = small.events("standin:no_stream_options tokens=4 tag=refused")
    again = small.events("standin:no_stream_options tokens=4 tag=refused")
    assert text_of(first) == text_of(again) == "tok0 tok1 tok2 tok3"
    assert first[-1][1]["usage"]["estimated"] is True
    asked = ["stream_options" in each["body"] for each in standin.requests("refused")]
    assert asked == [True, False, False]
