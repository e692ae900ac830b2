"""A history of a runnable's own is the conversation of the request."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableLambda

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.kinds_of_histories import KEYS, PROMPT, remembering, their_own

TURNS = [("user", "one"), ("assistant", "1"), ("user", "two")]


def echo(given: Any) -> str:
    if isinstance(given, PromptValue):
        given = given.to_messages()
    messages: list[BaseMessage] = given["asked"] if isinstance(given, dict) else given
    return json.dumps([message.text for message in messages])


HISTORIES: dict[str, tuple[Chain, Mapping[str, str]]] = {
    "messages": (remembering(RunnableLambda(echo)), {}),
    "one key": (remembering(RunnableLambda(echo), input_messages_key="asked"), {}),
    "two keys": (
        remembering(PROMPT | RunnableLambda(echo), **KEYS),
        {"ability": "Greek"},
    ),
}


async def said(name: str, turns: list[tuple[str, str]]) -> list[str]:
    chain, inputs = HISTORIES[name]
    messages = [{"role": role, "content": content} for role, content in turns]
    request = validate({"messages": messages, "inputs": dict(inputs)})
    events = events_of(prepare(chain), request, Run())
    text = [each.text async for each in events if isinstance(each, TextDelta)]
    texts: list[str] = json.loads("".join(text))
    return texts[-len(turns) :]


@pytest.mark.parametrize("name", HISTORIES)
async def test_it_gets_the_messages_before_the_newest(name: str) -> None:
    assert await said(name, TURNS) == ["one", "1", "two"]
    assert await said(name, TURNS[:1]) == ["one"]


async def test_the_store_that_it_was_built_with_is_left_alone() -> None:
    their_own.clear()
    await said("messages", TURNS)
    assert their_own == {}
