"""What chains yield, piece by piece, in every shape that LangChain has for it."""

import json
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.runnables import (
    AddableDict,
    RunnableParallel,
    RunnablePassthrough,
)

from runnables import Chain
from runnables.chunks import Translator
from runs import Run
from streaming import events
from streaming.events import Citation, Event, Output, TextDelta, ToolResult


def translated(*chunks: Any) -> list[Event]:
    translator = Translator(Run(chain="d", dialect="json"))
    given = [event for chunk in chunks for event in translator.events(chunk)]
    return [*given, *translator.end()]


def texts(*chunks: Any) -> list[str]:
    return [event.text for event in translated(*chunks) if isinstance(event, TextDelta)]


def piece(message: str, index: int | None, **parts: Any) -> AIMessageChunk:
    """A chunk with one piece of a tool call; what is not given is `None`."""
    call: Any = {"id": None, "name": None, "args": None, "index": index, **parts}
    return AIMessageChunk(content="", id=message, tool_call_chunks=[call])


def call(call_id: str, name: str, **args: str) -> events.ToolCall:
    return events.ToolCall("d", call_id, name, args)


def last(message: str) -> AIMessageChunk:
    return AIMessageChunk(content="", id=message, chunk_position="last")


def test_the_calls_of_two_models_at_once_do_not_mix() -> None:
    assert translated(
        piece("m1", 0, id="1", name="a", args='{"x"'),
        piece("m2", 0, id="2", name="b", args='{"y"'),
        piece("m1", 0, args=': "1"}'),
        last("m1"),
        piece("m2", 0, args=': "2"}'),
        last("m2"),
    ) == [call("1", "a", x="1"), call("2", "b", y="2")]


def test_calls_of_one_message_are_told_apart_by_their_index() -> None:
    assert translated(
        piece("m", 0, id="1", name="a", args="{}"),
        piece("m", 1, id="2", name="b", args="{"),
        piece("m", 1, args="}"),
        last("m"),
    ) == [call("1", "a"), call("2", "b")]


def test_calls_without_an_index_are_whole() -> None:
    whole = [
        ToolCall(name="a", args={"x": "1"}, id="1"),
        ToolCall(name="b", args={}, id="2"),
    ]
    expected = [call("1", "a", x="1"), call("2", "b")]
    assert translated(AIMessageChunk(content="", tool_calls=whole)) == expected
    assert translated(AIMessage(content="", tool_calls=whole)) == expected


def test_an_id_and_a_name_that_are_repeated_are_not_joined() -> None:
    assert translated(
        piece("m", 0, id="1", name="a", args="{"),
        piece("m", 0, id="1", name="a", args="}"),
    ) == [call("1", "a")]


def test_a_name_in_pieces_is_joined() -> None:
    pieces = [piece("m", 0, id="1", name="get_"), piece("m", 0, name="weather")]
    assert translated(*pieces) == [call("1", "get_weather")]


def test_a_graphs_messages_count_and_what_else_it_streams_does_not() -> None:
    message, metadata = AIMessageChunk(content="a"), {"langgraph_node": "n"}
    assert texts((message, metadata), (("sub:1",), (message, metadata))) == ["a", "a"]
    assert texts((HumanMessage("q"), metadata)) == []
    assert texts(((), "updates", {"n": {}}), ((), "values", {"a": 1}), "b") == ["b"]


def test_partial_dictionaries_are_pieces_and_plain_ones_repeat_themselves() -> None:
    pieces = [AddableDict(answer="ha"), AddableDict(answer="ha")]
    assert texts(*pieces) == ["ha", "ha"]
    grown = [{"answer": "Hel"}, {"answer": "Hello"}, {"answer": "Hello"}]
    assert texts(*grown) == ["Hel", "lo"]


async def test_what_an_assigned_answer_was_made_of_is_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """LangChain streams the input too, and whatever was assigned on the way."""
    chain = (
        RunnablePassthrough.assign(question=lambda _: "?")
        .assign(context=lambda _: [Document("d")])
        .assign(answer=lambda _: "Hello")
    )
    chunks = [chunk async for chunk in chain.astream({"messages": []})]
    assert {"messages": []} in chunks
    assert translated(*chunks) == [Citation("1", "", "", "d"), TextDelta("d", "Hello")]
    assert caplog.text == ""


async def test_a_dictionary_of_several_texts_is_one_structured_result() -> None:
    chain: Chain = RunnableParallel(text=lambda _: "Hello", more=lambda _: "!")
    chunks = [chunk async for chunk in chain.astream({"messages": []})]
    assert len(chunks) == 2
    assert translated(*chunks) == [
        TextDelta("d", '{"more":"!","text":"Hello"}'),
        Output({"more": "!", "text": "Hello"}),
    ]


async def test_what_is_no_json_is_warned_of_and_left_out_beside_an_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert texts("Yes", object()) == ["Yes"]
    assert caplog.messages == ["a chain streams object, which is no answer"]


def test_a_context_of_text_is_no_answer() -> None:
    pieces = [AddableDict(context="the manual"), AddableDict(answer="Yes")]
    assert texts(*pieces) == ["Yes"]
    assert texts({"context": "the manual", "answer": "Yes"}) == ["Yes"]


@pytest.mark.parametrize(
    ("chunks", "value"),
    [
        ([{"a": [1]}, {"a": [1, 2]}], {"a": [1, 2]}),
        ([["on"], ["one"], ["one", "two"]], ["one", "two"]),
        ([["one"], ["two"]], ["one", "two"]),
        ([["one"], ["one"]], ["one", "one"]),
        ([{"answer": ["o"]}, {"answer": ["one", "two"]}], {"answer": ["one", "two"]}),
        ([1, 12], 12),
    ],
)
def test_a_result_that_grows_is_shown_once(chunks: list[Any], value: Any) -> None:
    text = json.dumps(value, separators=(",", ":"))
    assert translated(*chunks) == [TextDelta("d", text), Output(value)]


def test_the_same_context_is_cited_once() -> None:
    context = [Document("text", metadata={"title": "t"})]
    chunks = [{"context": context, "answer": "a"}, {"context": context, "answer": "ab"}]
    kinds = [type(event).__name__ for event in translated(*chunks)]
    assert kinds == ["Citation", "TextDelta", "TextDelta"]


def test_a_tools_documents_are_citations() -> None:
    document = Document("text", metadata={"title": "t", "source": "s"})
    message = ToolMessage("found", tool_call_id="1", name="n", artifact=[document, 4])
    assert translated(message) == [
        ToolResult("d", "1", "n", "found"),
        Citation("1", "t", "s", "text"),
        TextDelta("d", "found"),  # Nothing is said after it.
    ]
