"""Events as lines and back: each kind, with any value that JSON has."""

import threading
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from streaming import errors, recorded, upstream_errors
from streaming.events import (
    Citation,
    Cost,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
    Node,
    NodeUpdate,
    Output,
    Paragraph,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)

TEXT = st.text(max_size=5)
NUMBERS = st.integers(-(10**300), 10**300) | st.floats(allow_nan=False).filter(
    lambda number: abs(number) != float("inf")
)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2)
    ),
    max_leaves=4,
)
COUNT = st.integers(0, 2**63 - 1)
ARGS = st.dictionaries(TEXT, VALUE, max_size=2) | TEXT
DONE = st.builds(
    Done,
    TEXT,
    st.sampled_from(["stop", "error", "interrupt"]),
    TEXT,
    usage=st.builds(Usage, COUNT, COUNT, COUNT, COUNT, COUNT, st.booleans()),
    latency_ms=COUNT,
    time_to_first_chunk_ms=st.none() | COUNT,
    streaming_duration_ms=COUNT,
    cost=st.none() | st.builds(Cost, st.just(Decimal("0.0000012")), TEXT),
    kept=st.booleans(),
)
EVENT = st.one_of(
    st.builds(TextDelta, TEXT, TEXT),
    st.builds(Paragraph, TEXT, TEXT),
    st.builds(ReasoningDelta, TEXT, TEXT),
    st.builds(ToolCall, TEXT, TEXT, TEXT, ARGS),
    st.builds(ToolResult, TEXT, TEXT, TEXT, TEXT),
    st.builds(Citation, TEXT, TEXT, TEXT, TEXT),
    st.builds(Redact, TEXT, COUNT, COUNT),
    st.builds(Custom, TEXT, VALUE),
    st.builds(Output, VALUE),
    st.builds(Node, TEXT, COUNT),
    st.builds(NodeUpdate, TEXT, TEXT, VALUE),
    st.builds(Interrupt, TEXT, VALUE),
    DONE,
)


def read(line: bytes) -> list[Event]:
    return list(recorded.events(line))


@given(event=EVENT, seconds=st.floats(0, 10_000))
def test_each_event_is_read_as_it_was(event: Event, seconds: float) -> None:
    line = recorded.lines([(5 + seconds, event)], started=5, status="ok")
    assert line.count(b"\n") == 1
    assert line.splitlines() == [line[:-1]]
    before = [event.usage] if isinstance(event, Done) else []
    assert read(line) == [*before, event]
    assert recorded.time_of(line) == int((5 + seconds - 5) * 1000)
    assert recorded.status_of(line) == ("ok" if isinstance(event, Done) else None)


@given(text=TEXT, wait=st.none() | COUNT, param=st.none() | TEXT)
def test_an_error_is_of_its_kind_again(
    text: str, wait: int | None, param: str | None
) -> None:
    for kind in (errors.RunLost, errors.InternalError, upstream_errors.UpstreamError):
        made = kind(text)
        made.retry_after_ms, made.param = wait, param
        [found] = read(recorded.lines([(0, Error("d", made))], started=0))
        assert isinstance(found, Error)
        assert type(found.error) is kind
        assert vars(found.error) == vars(made)


def test_many_events_are_a_line_each() -> None:
    noted: list[tuple[float, Event]] = [
        (1.0, TextDelta("d", "one\r\n\x85\u2028")),
        (1.25, ReasoningDelta("d", "two")),
        (1.5, TextDelta("d", "three")),
    ]
    lines = recorded.lines(noted, started=1.0).splitlines()
    assert [event for line in lines for event in read(line)] == [e for _, e in noted]
    assert [recorded.time_of(line) for line in lines] == [0, 250, 500]


def test_half_a_character_and_what_is_no_json_are_written_all_the_same() -> None:
    lock = threading.Lock()  # Which cannot be copied either.
    events: list[Event] = [
        TextDelta("d", "\ud83d"),
        Custom("lock", {"of": lock}),  # type: ignore[dict-item] # As chains send.
    ]
    lines = recorded.lines([(0, each) for each in events], started=0).splitlines()
    assert read(lines[0]) == [TextDelta("d", "\N{REPLACEMENT CHARACTER}")]
    assert read(lines[1]) == [Custom("lock", {"of": str(lock)})]
