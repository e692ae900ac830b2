"""The patch of langchain_openai: one answer of several, and still needed."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_openai import ChatOpenAI
from openai.types.responses import ResponseReasoningTextDeltaEvent
from pydantic import SecretStr, ValidationError

from compat import langchain_openai as compat


def chunk(*texts: tuple[int, str], usage: Any = None) -> dict[str, Any]:
    choices = [{"index": index, "delta": {"content": text}} for index, text in texts]
    return {"choices": choices, "usage": usage}


USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
CHUNKS = [
    chunk((1, "uno")),
    chunk((0, "one")),
    chunk((1, " due"), (0, " two")),
    chunk((1, " tre"), usage=USAGE),
    chunk(),
]


def told(convert: Callable[..., Any], n: int) -> tuple[str, list[int]]:
    """The text that *convert* makes of the chunks, and the tokens it counts."""
    model = ChatOpenAI(model="gpt-4o", api_key=SecretStr("any"), n=n)
    found = [convert(model, each, AIMessageChunk, None) for each in CHUNKS]
    made = [each.message for each in found if each is not None]
    counts = [each.usage_metadata for each in made if each.usage_metadata]
    return "".join(each.text for each in made), [n["total_tokens"] for n in counts]


def test_of_several_answers_the_first_is_read_and_all_are_counted() -> None:
    assert told(compat.convert_first_choice, 2) == ("one two", [3])


def test_what_is_no_choice_of_several_is_read_whatever_its_index() -> None:
    assert told(compat.convert_first_choice, 1) == told(compat._convert, 1)


@pytest.mark.parametrize("n", [1, 2])
def test_langchain_still_mixes_them(n: int) -> None:
    """If this fails, LangChain has learnt: take the patch out."""
    assert told(compat._convert, n) == ("unoone due tre", [3])


def declined(convert: Callable[..., Any]) -> list[str | None]:
    """What *convert* makes of what a model declines with."""
    model = ChatOpenAI(model="gpt-4o", api_key=SecretStr("any"))
    deltas = [{"content": None, "refusal": text} for text in ("No", " way.", None)]
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    made = [convert(model, each, AIMessageChunk, None).message for each in chunks]
    return [message.additional_kwargs.get("refusal") for message in made]


def test_what_a_model_declines_with_is_told() -> None:
    assert declined(compat.convert_first_choice) == ["No", " way.", None]


def test_langchain_still_leaves_a_refusal_out() -> None:
    """If this fails, LangChain has learnt: take the patch out."""
    assert declined(compat._convert) == [None, None, None]


TEXTS: list[dict[str, Any]] = [
    {"choices": [{"index": 1, "text": "uno"}]},
    {"choices": [{"index": 0, "text": "one"}]},
    {"choices": []},
]


def test_of_several_texts_the_first_is_read() -> None:
    assert [compat.convert_first_text(each).text for each in TEXTS] == ["", "one", ""]


def test_langchain_still_mixes_texts() -> None:
    """If this fails, LangChain has learnt: take the patch out."""
    assert [compat._convert_text(each).text for each in TEXTS] == ["uno", "one", ""]


THOUGHT = ResponseReasoningTextDeltaEvent(
    type="response.reasoning_text.delta",
    **{"delta": "Hm.", "item_id": "r", "output_index": 0, "content_index": 0},
    sequence_number=1,
)


def thought(convert: Callable[..., Any]) -> list[Any]:
    [*_, made] = convert(THOUGHT, -1, -1, -1)
    return [] if made is None else made.message.content


def test_text_that_was_thought_is_a_summary() -> None:
    [block] = thought(compat.convert_reasoning)
    assert (block["type"], block["summary"][0]["text"]) == ("reasoning", "Hm.")


def test_langchain_still_leaves_it_out() -> None:
    """If this fails, LangChain has learnt: take the patch out."""
    assert thought(compat._convert_event) == []


NUMBERED: list[dict[str, Any]] = [
    {"index": 0, "id": 7, "function": {"name": "look", "arguments": "{}"}},
    {"index": 0, "id": 7, "function": {"name": "look", "arguments": {}}},
]
"""Calls as some servers send them: a number for the id, an object's own arguments."""


@pytest.mark.parametrize("call", NUMBERED)
def test_a_calls_id_and_arguments_are_read_whatever_they_are(call: Any) -> None:
    said = {"role": "assistant", "tool_calls": [call]}
    read = {"name": "look", "args": {}, "id": "7", "type": "tool_call"}
    piece: Any = compat.convert_delta(said, AIMessageChunk)
    whole: Any = compat.convert_message(said)
    assert piece.tool_calls == whole.tool_calls == [read]


@pytest.mark.parametrize("call", NUMBERED)
def test_langchain_still_refuses_them(call: Any) -> None:
    """If this fails, LangChain has learnt: take the patch out."""
    said = {"role": "assistant", "tool_calls": [call]}
    with pytest.raises(ValidationError):
        compat._convert_delta(said, AIMessageChunk)
    with pytest.raises(ValidationError):
        compat._convert_message(said)
