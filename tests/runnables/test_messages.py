"""Several messages in one answer: each whole, apart from the others, and shown once."""

from typing import Any

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    HumanMessage,
    HumanMessageChunk,
    ToolMessage,
)

from runnables.chunks import Translator
from runs import Run
from streaming.events import Redact, TextDelta, ToolCall


def chunk(message: str, text: str, **more: Any) -> AIMessageChunk:
    return AIMessageChunk(content=text, id=message, **more)


def last(message: str) -> AIMessageChunk:
    return chunk(message, "", chunk_position="last")


def texts(*chunks: Any) -> list[str]:
    translator = Translator(Run(chain="d"))
    given = [event for each in chunks for event in translator.events(each)]
    events = [*given, *translator.end()]
    return [event.text for event in events if isinstance(event, TextDelta)]


def of_graph(message: Any, task: str, **metadata: Any) -> Any:
    return (), "messages", (message, {"langgraph_checkpoint_ns": task, **metadata})


STEP: Any = ((), "values", {})
"""All tasks of a graph's step have ended."""


def test_a_new_message_begins_a_paragraph() -> None:
    said = [chunk("lc_run--1", "Let me "), chunk("lc_run--1", "look.")]
    result = ToolMessage("Sunny", tool_call_id="1", id="t")
    assert texts(*said, last("lc_run--1"), result, chunk("lc_run--2", "Sunny.")) == [
        "Let me ",
        "look.",
        "\n\nSunny.",
    ]


def test_a_call_without_an_id_is_shown_once() -> None:
    piece = {"name": "weather", "args": "{}", "id": "", "index": 0}
    streamed = chunk("lc_run--1", "", tool_call_chunks=[piece])
    call = {"name": "weather", "args": {}, "id": ""}
    message = AIMessage("", id="lc_run--1", tool_calls=[call])
    translator = Translator(Run(chain="d"))
    shown = [
        event
        for each in (streamed, last("lc_run--1"), message)
        for event in translator.events(each)
        if isinstance(event, ToolCall)
    ]
    assert [(each.name, each.args) for each in shown] == [("weather", {})]


def test_a_message_of_any_role_is_the_answer_if_nothing_else_is() -> None:
    human = [HumanMessageChunk(content=each, id="h") for each in "ab"]
    assert texts(*human) == ["ab"]
    assert texts(ChatMessage(role="expert", content="c")) == ["c"]


def test_beside_an_assistants_it_is_none() -> None:
    assert texts(HumanMessage("asked"), AIMessage("said")) == ["said"]
    assert texts([HumanMessage("asked"), AIMessage("said")]) == ["said"]


def test_the_first_message_and_one_after_thoughts_do_not() -> None:
    thought = chunk("lc_run--1", "", additional_kwargs={"reasoning_content": "Hm."})
    empty = chunk("lc_run--2", "")
    assert texts(thought, last("lc_run--1"), empty, chunk("lc_run--3", "Yes")) == [
        "Yes"
    ]


def test_an_authors_own_text_goes_on_with_what_is_there() -> None:
    assert texts("Well: ", chunk("lc_run--1", "yes"), " and no") == [
        "Well: ",
        "yes",
        " and no",
    ]


def test_a_model_call_that_changes_its_id_is_one_message() -> None:
    """As OpenAI's Responses API and Anthropic's models do."""
    assert texts(
        chunk("resp_1", ""), chunk("msg_1", "a"), chunk("lc_run--1", "b"), last("msg_1")
    ) == ["a", "b"]


def test_messages_at_the_same_time_are_shown_one_after_the_other() -> None:
    assert texts(
        of_graph(chunk("lc_run--1", "a1"), "one:x"),
        of_graph(chunk("lc_run--2", "b1"), "two:y"),
        of_graph(chunk("lc_run--1", "a2"), "one:x"),
        of_graph(chunk("lc_run--2", "b2"), "two:y"),
        of_graph(last("lc_run--2"), "two:y"),
        of_graph(last("lc_run--1"), "one:x"),
        of_graph(chunk("lc_run--3", "c"), "three:z"),
    ) == ["a1", "a2", "\n\nb1", "b2", "\n\nc"]


def test_a_message_without_an_end_ends_with_its_step() -> None:
    assert texts(
        of_graph(chunk("lc_run--1", "a"), "one:x"),
        of_graph(chunk("lc_run--2", "b"), "one:x"),
        STEP,
        of_graph(chunk("lc_run--3", "c"), "two:y"),
    ) == ["a", "\n\nb", "\n\nc"]


def test_what_was_said_is_not_said_again_in_a_message_of_its_own() -> None:
    said = of_graph(chunk("lc_run--1", "Hello"), "answer:x|inner:y")
    again = of_graph(AIMessage("Hello ", id="new"), "answer:x")
    assert texts(said, again) == ["Hello"]
    other = of_graph(AIMessage("Hello", id="new"), "other:z")
    assert texts(said, STEP, other) == ["Hello", "\n\nHello"]


def test_two_whole_messages_that_are_alike_are_two() -> None:
    assert texts(AIMessage("ha"), AIMessage("ha")) == ["ha", "\n\nha"]


def test_offsets_of_what_is_withdrawn_count_from_the_first_message() -> None:
    filtered = chunk(
        "lc_run--2",
        "",
        additional_kwargs={"redact": [{"start_offset": 1, "end_offset": 2}]},
    )
    translator = Translator(Run(chain="d"))
    chunks = [chunk("lc_run--1", "abc"), last("lc_run--1"), chunk("lc_run--2", "def")]
    events = [e for each in [*chunks, filtered] for e in translator.events(each)]
    assert events[-1] == Redact("d", len("abc\n\nd"), len("abc\n\nde"))


def of_state(*messages: Any) -> Any:
    return (), "values", {"messages": list(messages)}


def events_of(*chunks: Any) -> list[Any]:
    translator = Translator(Run(chain="d"))
    given = [event for each in chunks for event in translator.events(each)]
    return [*given, *translator.end()]


def test_what_a_graph_makes_of_a_message_it_has_streamed_takes_its_place() -> None:
    """As a guardrail does after the model; the caller never heard of it."""
    streamed = [of_graph(chunk("m", each), "t:1") for each in ("Call ", "5550100.")]
    made = of_state(AIMessage("Call [REDACTED].", id="m"))
    *_, redact, text = events_of(*streamed, of_graph(last("m"), "t:1"), made)
    assert redact == Redact("d", 0, len("Call 5550100."))
    assert text.text == "\n\nCall [REDACTED]."


def test_what_is_withdrawn_has_its_place_among_others() -> None:
    first = [of_graph(chunk("a", "One."), "t:1"), of_graph(last("a"), "t:1")]
    blocks: Any = [
        {"type": "text", "text": each, "index": each} for each in ("x", "yz")
    ]
    block = AIMessageChunk(
        content=blocks,
        id="b",
        response_metadata={"model_provider": "openai"},
    )
    second = [of_graph(block, "t:2"), of_graph(last("b"), "t:2")]
    made = of_state(AIMessage("One.", id="a"), AIMessage("No.", id="b"))
    found = events_of(*first, *second, made)
    [redact] = [each for each in found if isinstance(each, Redact)]
    shown = "".join(each.text for each in found if isinstance(each, TextDelta))
    assert shown == "One.\n\nx\n\nyz\n\nNo."
    assert shown[redact.start_offset : redact.end_offset] == "x\n\nyz"


def test_what_a_graph_adds_to_a_message_it_has_streamed_follows() -> None:
    streamed = [of_graph(chunk("m", "Hi."), "t:1"), of_graph(last("m"), "t:1")]
    made = of_state(AIMessage("Hi. [1] a.md", id="m"))
    found = events_of(*streamed, made)
    assert [each.text for each in found] == ["Hi.", " [1] a.md"]


def test_a_message_that_stays_as_it_was_is_shown_once() -> None:
    streamed = [
        of_graph(chunk("m", each), "t:1") for each in ("A \ud83d", "\ude00", " ")
    ]
    for said in ("A \U0001f600", "A \U0001f600 ", ""):
        found = events_of(
            *streamed, of_graph(last("m"), "t:1"), of_state(AIMessage(said, id="m"))
        )
        assert len(found) == len(streamed)
