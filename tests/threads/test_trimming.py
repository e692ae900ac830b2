"""Whatever a thread has, a chain gets a conversation that providers take."""

from hypothesis import given
from hypothesis import strategies as st

from runs.trimming import newest
from streaming.requests import FunctionCall, Message, ToolCallRequest

IDS = ("1", "2", "3")
FUNCTION = FunctionCall(name="f")
TEXTS = st.sampled_from(["user", "assistant"]).map(
    lambda role: Message(role=role, content="text")  # type: ignore[arg-type]
)
CALLS = st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True).map(
    lambda ids: Message(
        role="assistant",
        tool_calls=[ToolCallRequest(id=id, function=FUNCTION) for id in ids],
    )
)
RESULTS = st.sampled_from(IDS).map(
    lambda id: Message(role="tool", content="found", tool_call_id=id)
)
MESSAGES = st.lists(st.one_of(TEXTS, CALLS, RESULTS), max_size=30)
NEW = st.lists(TEXTS, max_size=3).map(
    lambda some: [*some, Message(role="user", content="new")]
)


def well_formed(messages: list[Message]) -> bool:
    """Each call has its result right after it, and each result its call before it."""
    waiting: set[str] = set()
    for message in messages:
        if message.role == "tool":
            if message.tool_call_id not in waiting:
                return False
            waiting.discard(message.tool_call_id)
            continue
        if waiting:
            return False
        waiting = {call.id for call in message.tool_calls or ()}
    return not waiting


@given(MESSAGES, NEW, st.integers(3, 12))
def test_no_call_is_without_its_result(
    kept: list[Message], new: list[Message], most: int
) -> None:
    got = newest(kept, new, most=most)
    assert got[-len(new) :] == new
    assert well_formed(got)
    assert len(got) <= max(most, len(new))
    assert len(got) == len(new) or got[0].role == "user"


@given(MESSAGES, st.lists(st.sampled_from(IDS), min_size=1, unique=True))
def test_results_that_the_caller_brings_find_their_calls(
    kept: list[Message], ids: list[str]
) -> None:
    calls = [ToolCallRequest(id=id, function=FUNCTION) for id in ids]
    waiting = Message(role="assistant", tool_calls=calls)
    new = [Message(role="tool", content="found", tool_call_id=id) for id in ids]
    got = newest([*kept, waiting], new, most=len(new) + 1)
    assert well_formed(got)
    assert waiting in got


@given(st.lists(TEXTS, max_size=20))
def test_nothing_is_left_out_that_need_not_be(kept: list[Message]) -> None:
    begun = [Message(role="user", content="first"), *kept]
    new = [Message(role="user", content="new")]
    assert newest(begun, new, most=100) == [*begun, *new]
