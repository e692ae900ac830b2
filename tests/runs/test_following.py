"""Whatever a reader has lost, what is read on is the rest: any events, any cuts."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from runs import Run
from store import Store
from store.memory import MemoryStore
from streaming.errors import Cancelled
from streaming.events import (
    Citation,
    Custom,
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
)
from streaming.upstream_errors import UpstreamError
from tests.support.followed_runs import frames, number
from tests.support.logged_answers import answer, attached, followed, logs_over
from tests.support.unwilling_store import UnwillingStore

TEXT = st.text(min_size=1, max_size=5)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2)
    ),
    max_leaves=4,
)
EVENTS = st.lists(
    st.one_of(
        st.builds(TextDelta, TEXT, TEXT),
        st.builds(Paragraph, TEXT, TEXT.map("\n\n".__add__)),
        st.builds(ReasoningDelta, TEXT, TEXT),
        st.builds(ToolCall, TEXT, TEXT, TEXT, st.dictionaries(TEXT, VALUE, max_size=2)),
        st.builds(ToolResult, TEXT, TEXT, TEXT, TEXT),
        st.builds(Citation, TEXT, TEXT, TEXT, TEXT),
        st.builds(Redact, TEXT, st.integers(0, 9), st.integers(0, 9)),
        st.builds(Custom, TEXT, VALUE),
        st.builds(Output, VALUE),
        st.builds(Node, TEXT, st.integers(0, 9)),
        st.builds(NodeUpdate, TEXT, TEXT, VALUE),
        st.builds(Interrupt, TEXT, VALUE),
    ),
    max_size=12,
)
DIALECTS = ("json", "openai", "responses", "ui-message", "ag-ui")
ENDS = (None, UpstreamError("It broke off."), Cancelled())


async def source(
    events: list[Event], pauses: list[bool], error: Exception | None
) -> AsyncGenerator[Event]:
    for event, pause in zip(events, pauses, strict=True):
        if pause:
            await asyncio.sleep(0.001)
        yield event
    if error is not None:
        raise error


@given(
    events=EVENTS,
    error=st.sampled_from(ENDS),
    dialect=st.sampled_from(DIALECTS),
    store=st.sampled_from([MemoryStore, UnwillingStore]),
    draw=st.data(),
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_is_read_in_pieces_is_what_was_streamed(
    events: list[Event],
    error: Exception | None,
    dialect: str,
    store: type[Store],
    draw: st.DataObject,
) -> None:
    pauses = draw.draw(st.lists(st.booleans(), min_size=len(events), max_size=12))
    pauses = (pauses + [False] * len(events))[: len(events)]
    cuts = draw.draw(st.lists(st.integers(0, 15), max_size=3))
    if dialect == "responses":
        cuts = []  # Its frames have numbers of their own.
    # What fails before anything is shown is a status, and no stream.
    events, pauses = [TextDelta("d", "!"), *events], [False, *pauses]
    asyncio.run(_check(store(), source(events, pauses, error), dialect, cuts))


async def _check(
    store: Store, events: AsyncGenerator[Event], dialect: str, cuts: list[int]
) -> None:
    logs, run = logs_over(store), Run(chain="c", dialect=dialect)
    attached(logs, run)
    first = answer(logs, run, events, dialect)
    rests = [followed(logs, run.id, cut, dialect) for cut in (0, *cuts)]
    async with asyncio.timeout(10):
        stream, whole, *parts = await asyncio.gather(first, *rests)
    assert whole == stream
    for cut, part in zip(cuts, parts, strict=True):
        assert part == b"".join(_after(stream, cut))


def _after(stream: bytes, cut: int) -> list[bytes]:
    """The frames of the events after that of the number *cut*."""
    kept: list[bytes] = []
    waiting: list[bytes] = []
    for frame in frames(stream):
        waiting.append(frame)
        found = number(frame)
        if found is not None:
            kept += waiting if found > cut or cut == 0 else []
            waiting = []
        elif not kept and cut == 0 and frame.startswith(b'data: {"type":"start'):
            kept, waiting = kept + waiting, []
    return kept


async def _changed_later() -> AsyncGenerator[Event]:
    """What LangGraph's stream writer does with a state that goes on changing."""
    progress: dict[str, JsonValue] = {"done": 0}
    for done in range(3):
        progress["done"] = done
        yield Custom("progress", progress)
        await asyncio.sleep(0)


def test_what_a_chain_changes_later_is_kept_as_it_was_sent() -> None:
    async def check() -> None:
        logs, run = logs_over(UnwillingStore()), Run(chain="c", dialect="json")
        stream = await answer(logs, run, _changed_later())
        assert b'{"done":0}' in stream
        assert await followed(logs, run.id, 0) == stream

    asyncio.run(check())
