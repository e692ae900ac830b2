"""A history of a runnable's own is the conversation of the request."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableLambda
from langgraph.graph import START, MessagesState, StateGraph

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.kept_graphs import Conversation, text
from tests.support.kinds import Model
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


class Sampled(Model):
    """Answers with what it was told beside the messages."""

    async def _astream(self, messages: list[BaseMessage], *a: Any, **more: Any) -> Any:
        names = ("temperature", "max_tokens", "top_p", "seed", "stop")
        given = {name: more[name] for name in names if more.get(name) is not None}
        text = json.dumps([each.text for each in messages] + [given])
        yield ChatGenerationChunk(message=AIMessageChunk(content=text))


SAMPLED: dict[str, tuple[Chain, Mapping[str, str]]] = {
    "a model": (remembering(Sampled()), {}),
    "a prompt": (remembering(PROMPT | Sampled(), **KEYS), {"ability": "Greek"}),
    "bound": (remembering(Sampled().with_retry()).with_config(tags=["a"]), {}),
    "a step": (remembering(Sampled()) | StrOutputParser(), {}),
    "a fallback": (remembering(Sampled().with_fallbacks([Sampled()])), {}),
}


@pytest.mark.parametrize("name", SAMPLED)
async def test_the_callers_sampling_reaches_the_models_in_it(name: str) -> None:
    chain, inputs = SAMPLED[name]
    messages = [{"role": role, "content": content} for role, content in TURNS]
    sampling = {"temperature": 0.5, "max_tokens": 9, "stop": "x"}
    request = validate(
        {"messages": messages, "inputs": dict(inputs), "sampling": sampling}
    )
    events = events_of(prepare(chain), request, Run())
    pieces = [each.text async for each in events if isinstance(each, TextDelta)]
    *said, told = json.loads("".join(pieces))
    assert told == {"temperature": 0.5, "max_tokens": 9, "stop": ["x"]}
    assert said[-3:] == ["one", "1", "two"]


async def test_a_graph_in_it_gets_the_history_once_on_a_thread_too() -> None:
    graph: Any = StateGraph(MessagesState).add_node("told", _told)
    made = graph.add_edge(START, "told").compile()
    kept = Conversation(remembering(made, input_messages_key="messages"))
    for _ in range(2):
        said = await kept.say("Hi")
        assert text(said) == '["Hi"]'


async def test_a_step_after_a_graph_in_it_gets_the_graphs_state() -> None:
    graph: Any = StateGraph(MessagesState).add_node("told", _told)
    made = graph.add_edge(START, "told").compile()
    last = made | (lambda state: state["messages"][-1])
    kept = Conversation(remembering(last, input_messages_key="messages"))
    assert text(await kept.say("Hi")) == '["Hi"]'


def _told(state: MessagesState) -> Any:
    texts = [message.text for message in state["messages"]]
    return {"messages": [AIMessage(json.dumps(texts))]}
