"""The model that does as the request says."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.standin.caller import V1
from tests.standin.process import StandIn

CITY = {"type": "object", "properties": {"city": {"type": "string"}}}


def tool(name: str) -> Any:
    return {"type": "function", "function": {"name": name, "parameters": CITY}}


@pytest.fixture(scope="module")
def obliging() -> Iterator[StandIn]:
    with StandIn(scenario="obliging") as standin:
        yield standin


def choice(standin: StandIn, *further: Any, **fields: object) -> Any:
    question = {"role": "user", "content": "How is 'Rome'?"}
    response = httpx.post(
        standin.url + V1,
        json={"model": "gpt-4o", "messages": [question, *further], **fields},
        headers={"api-key": standin.key},
    )
    return response.json()["choices"][0]


def called(choice: Any) -> object:
    """The name and the arguments of the one call."""
    [call] = choice["message"]["tool_calls"]
    function = call["function"]
    return function["name"], json.loads(function["arguments"])


def test_it_calls_each_tool_once(obliging: StandIn) -> None:
    both = [tool("first"), tool("second")]
    for choice_of_tool in (None, "auto", "required"):
        fields = {"tools": both, "tool_choice": choice_of_tool}
        assert called(choice(obliging, **fields)) == ("first", {"city": "Rome"})
    call = {"id": "1", "type": "function", "function": {"name": "first"}}
    messages = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "Sunny."},
    ]
    answer = choice(obliging, *messages, tools=both)
    assert called(answer) == ("second", {"city": "Rome"})
    answer = choice(obliging, *messages, tools=[tool("first")])
    assert answer["finish_reason"] == "stop"


def test_it_calls_the_named_tool_and_none_if_none_is_wanted(obliging: StandIn) -> None:
    both = [tool("first"), tool("second")]
    named = {"type": "function", "function": {"name": "second"}}
    answer = choice(obliging, tools=both, tool_choice=named)
    assert called(answer) == ("second", {"city": "Rome"})
    answer = choice(obliging, tools=both, tool_choice="none")
    assert answer["finish_reason"] == "stop"


def test_it_answers_in_the_form(obliging: StandIn) -> None:
    schema = {
        "type": "object",
        "properties": {
            "of": {"$ref": "#/$defs/City"},
            "days": {"type": "array", "items": {"type": "integer"}},
            "kind": {"enum": ["sunny", "wet"]},
            "also": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        },
        "$defs": {"City": CITY},
    }
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    answer = choice(obliging, response_format=form)
    assert json.loads(answer["message"]["content"]) == {
        "of": {"city": "Rome"},
        "days": [1],
        "kind": "sunny",
        "also": True,
    }
    answer = choice(obliging, response_format={"type": "json_object"})
    assert json.loads(answer["message"]["content"]) == {"Rome": "Paris"}


def test_without_a_wish_it_just_answers(obliging: StandIn) -> None:
    assert choice(obliging)["message"]["content"].startswith("The capital")
