"""Tool calls of any size and form: shown, or refused; and others are answered too."""

import pytest

from tests.standin import arguments
from tests.support.app_process import AppProcess, read_events, text_of

HELLO = "hello"


def expected(kind: str, size: int) -> str:
    """The arguments that the stand-in sends."""
    text: str = getattr(arguments, kind)(size)
    return text


@pytest.mark.parametrize("size", ["", " size=1000"])
@pytest.mark.parametrize("kind", ["bad_escape", "raw_code", "brackets", "deep"])
def test_arguments_that_cannot_be_read_are_shown_as_they_came(
    app: AppProcess, kind: str, size: str
) -> None:
    (name, call), (last, done) = app.events(f"standin:{kind} bytes=140000{size}")
    assert (name, call["name"], call["args"]) == (
        "tool_call",
        "run",
        expected(kind, 140_000),
    )
    assert (last, done["finish_reason"]) == ("done", "tool_calls")


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("kind", ["bad_escape", "raw_code", "brackets", "deep"])
def test_nor_can_they_if_the_model_does_not_stream(
    app: AppProcess, kind: str, stream: bool
) -> None:
    user = f"standin:{kind} bytes=30000"
    response = app.chat(user, chain="unstreamed", stream=stream)
    if stream:
        (_, call), (_, answer) = read_events(response)
    else:
        answer = response.json()
        [call] = answer["tool_calls"]
    # What could be read, but is too deep to be written, was JSON of another form.
    assert call["args"].replace(" ", "") == expected(kind, 30_000).replace(" ", "")
    assert answer["finish_reason"] == "tool_calls"


def test_arguments_that_a_foreign_model_cannot_write_are_shown_too(
    app: AppProcess,
) -> None:
    (_, call), (_, done) = app.events(HELLO, chain="code")
    assert call["args"] == '{"code": "\\d' + "x" * 100_000
    assert done["finish_reason"] == "tool_calls"


def test_a_long_call_in_thousands_of_pieces_is_whole(app: AppProcess) -> None:
    (_, call), (_, done) = app.events("standin:long_call bytes=200000 size=50")
    assert call["args"] == {"code": "x" * 200_000}
    assert done["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("calls", [255, 256])
def test_as_many_calls_as_may_be_are_shown(app: AppProcess, calls: int) -> None:
    *found, (_, done) = app.events(f"standin:long_call bytes=1 calls={calls}")
    assert [data["args"] for _, data in found] == [{"code": "x"}] * calls
    assert done["finish_reason"] == "tool_calls"


TOO_MUCH = [
    ("chat", "standin:many_calls"),
    ("chat", "standin:many_calls calls=4000"),
    ("chat", "standin:too_long_call"),
    ("chat", "standin:too_long_call size=70"),
    ("chat", "standin:long_call bytes=2000 calls=200"),
    ("chat", "standin:function_call bytes=300000 size=1000"),
    ("assigned", "standin:many_calls calls=1000"),
    ("unstreamed", "standin:many_calls calls=4000"),
    ("unstreamed", "standin:too_long_call"),
    ("prolific", HELLO),
    ("unheard", HELLO),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("chain", "user"), TOO_MUCH)
def test_too_much_of_it_is_an_error_of_upstreams(
    app: AppProcess, chain: str, user: str, stream: bool
) -> None:
    response = app.chat(user, chain=chain, stream=stream)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_error"


@pytest.mark.parametrize("kind", ["many_calls", "too_long_call"])
def test_too_much_of_it_after_some_text_is_an_error_event(
    app: AppProcess, kind: str
) -> None:
    *deltas, (name, error), (last, done) = app.events(f"standin:{kind} text=Well")
    assert text_of(deltas) == "Well"
    assert (name, error["error"]["code"]) == ("error", "upstream_error")
    assert (last, done["finish_reason"]) == ("done", "error")


def test_others_have_their_turn_while_an_answer_comes_at_once(app: AppProcess) -> None:
    with app.streaming(HELLO, chain="busy") as answer:
        answer.next()
        assert app.client.get("/api/health").status_code == 200
        ended = f'"request_id":"{answer.request_id}"'
        assert not any(ended in line for line in app.lines)
