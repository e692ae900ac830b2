"""What a caller has seen of an answer, as messages; and what is kept of it."""

import pytest

from runs.closing import close
from runs.thread_document import MAX_BYTES, ThreadDocument, now
from runs.threads import Threads
from runs.turn import MAX_CHARACTERS, Turn
from store.memory import MemoryStore
from streaming.errors import (
    BudgetUsedUp,
    ChatError,
    ContentFiltered,
    DeadlineExceeded,
    NotFound,
    ShuttingDown,
)
from streaming.events import (
    Event,
    Interrupt,
    Paragraph,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
)
from streaming.requests import Message
from tests.threads.kept_store import OWNER, answered, asked, run_of


def turn(*events: Event, waits: bool = False) -> list[dict[str, object]]:
    heard = Turn("")
    for event in events:
        heard.hear(event)
    messages = heard.messages(waits=waits)
    return [each.model_dump(exclude_none=True, exclude={"id"}) for each in messages]


def call(id: str) -> dict[str, object]:
    function = {"name": "f", "arguments": "{}"}
    return {"id": id, "type": "function", "function": function}


CALL, RESULT = ToolCall("m", "1", "f", {}), ToolResult("m", "1", "f", "found")
ANSWERED = [
    {"role": "assistant", "tool_calls": [call("1")]},
    {"role": "tool", "content": "found", "name": "f", "tool_call_id": "1"},
]


@pytest.mark.parametrize(
    ("events", "messages"),
    [
        ([], []),
        ([ReasoningDelta("m", "Hm.")], []),
        ([TextDelta("m", "a"), TextDelta("m", "b")], [("assistant", "ab")]),
        (
            [TextDelta("m", "a"), Paragraph("m", "\n\nb")],
            [("assistant", "a"), ("assistant", "b")],
        ),
        ([TextDelta("m", "\ud83d"), TextDelta("m", "\ude00")], [("assistant", "😀")]),
        ([TextDelta("m", "\ud83d")], [("assistant", "\ufffd")]),
        ([TextDelta("m", "secret"), Redact("m", 0, 6)], []),
        (
            [TextDelta("m", "0123456789"), Redact("m", 5, 9), Redact("m", 2, 6)],
            [("assistant", "019")],
        ),
        (
            [TextDelta("m", "01"), Paragraph("m", "\n\n45"), Redact("m", 1, 5)],
            [("assistant", "0"), ("assistant", "5")],
        ),
        ([TextDelta("m", "0"), Redact("m", -4, 99)], []),
    ],
)
def test_text_is_kept_as_it_was_seen(
    events: list[Event], messages: list[tuple[str, str]]
) -> None:
    assert [(each["role"], each["content"]) for each in turn(*events)] == messages


def test_of_a_piece_that_is_too_large_the_beginning_is_kept() -> None:
    """A question without any answer would be followed by the next one."""
    events = [TextDelta("m", "a"), TextDelta("m", "b" * MAX_CHARACTERS)]
    [answer] = turn(*events, TextDelta("m", "c"))
    assert answer["content"] == "a" + "b" * (MAX_CHARACTERS - 1)


def test_a_result_follows_its_call() -> None:
    assert turn(CALL, RESULT) == ANSWERED
    assert turn(CALL, RESULT, TextDelta("m", "So.")) == [
        *ANSWERED,
        {"role": "assistant", "content": "So."},
    ]


def test_a_call_without_a_result_stays_only_if_it_waits_for_one() -> None:
    assert turn(CALL) == []
    assert turn(CALL, waits=True) == ANSWERED[:1]
    again = ToolCall("m", "2", "f", "{half")
    assert turn(CALL, RESULT, again) == ANSWERED


def test_what_has_no_id_is_no_call() -> None:
    assert turn(ToolCall("m", "", "f", {}), ToolResult("m", "", "f", "x")) == []


KEPT: list[tuple[ChatError | None, bool, bool]] = [
    (None, False, True),
    (None, True, True),
    (DeadlineExceeded(), False, True),
    (BudgetUsedUp(), False, True),
    (ContentFiltered(), False, True),
    (ShuttingDown(), False, False),
    (ChatError(), False, False),
]


@pytest.mark.parametrize(("error", "left", "kept"), KEPT)
async def test_whether_a_turn_is_kept_depends_on_how_its_run_ends(
    error: ChatError | None, left: bool, kept: bool
) -> None:
    threads, run = Threads(MemoryStore(), most=9, retention=600), run_of()
    await answered(threads, run_of(), "one")
    await threads.open(asked("two"), run, keeps=False)
    run.see(TextDelta("m", "half"))
    run.finish(error, cancelled=left)
    await close(run)
    found = (await threads.get(OWNER, "t")).messages
    texts = [each.content for each in found]
    assert texts == ["one", "to one", *(["two", "half"] if kept else [])]


async def test_a_prompt_that_was_refused_is_not_asked_again() -> None:
    threads, run = Threads(MemoryStore(), most=9, retention=600), run_of()
    await threads.open(asked("forbidden"), run, keeps=False)
    run.finish(ContentFiltered())
    await close(run)
    with pytest.raises(NotFound):
        await threads.get(OWNER, "t")


async def test_questions_are_pending_until_the_next_turn() -> None:
    threads = Threads(MemoryStore(), most=9, retention=600)
    await answered(threads, run_of(), "one", Interrupt("i", {"ok": True}))
    pending = (await threads.get(OWNER, "t")).pending
    assert pending == [{"id": "i", "value": {"ok": True}}]
    run = run_of()
    await answered(threads, run, "never mind", keeps=True)
    assert run.thread
    assert run.thread.pending == pending
    assert (await threads.get(OWNER, "t")).pending == []


async def test_what_keeps_its_state_gets_only_what_is_new() -> None:
    threads = Threads(MemoryStore(), most=9, retention=600)
    await answered(threads, run_of(), "one", keeps=True)
    assert await answered(threads, run_of(), "two", keeps=True) == ["two"]
    assert len((await threads.get(OWNER, "t")).messages) == 4


def test_a_thread_that_is_too_large_loses_its_oldest_turns() -> None:
    messages = [
        Message(role=role, content=f"{number}" + "x" * 1_000_000)
        for number in range(8)
        for role in ("user", "assistant")
    ]
    at = now()
    document = ThreadDocument(
        chain="c", title="t", created_at=at, updated_at=at, messages=messages
    )
    written = document.dumped()
    assert len(written) < MAX_BYTES + 1000
    kept = ThreadDocument.model_validate_json(written).messages
    assert kept == messages[-8:]
