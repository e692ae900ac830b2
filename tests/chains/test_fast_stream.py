"""Our model's short way, chunk by chunk beside LangChain's own."""

from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tracers.context import collect_runs
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import SecretStr

from runnables import chat_model
from runnables.callback import RunCallback
from runs import Run
from settings import Settings
from tests.standin.process import StandIn

SCENARIOS = [
    "answer",
    "answer tokens=1",
    "answer tokens=200",
    "tools",
    "refusal",
    "reasoning",
    "async_filter",
    "odd_usage",
    "utf8_split",
    "big",
    "length",
    "filtered",
    "async_block",
    "function_call",
]


class Listener(AsyncCallbackHandler):
    """A caller's own handler."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.ended = 0

    async def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.tokens.append(token)

    async def on_llm_end(self, *args: Any, **kwargs: Any) -> None:
        self.ended += 1


def model_at(standin: StandIn) -> BaseChatModel:
    return chat_model(
        Settings(
            azure_openai_endpoint=standin.url,
            azure_openai_deployment="gpt-4o",
            azure_openai_api_key=SecretStr(standin.key),
        )
    )


async def chunks_of(
    model: BaseChatModel, prompt: str, config: RunnableConfig
) -> list[AIMessageChunk]:
    return [chunk async for chunk in model.astream(prompt, config)]


def fields(chunk: AIMessageChunk) -> dict[str, Any]:
    """All that a chunk holds, but for the id of its call."""
    return {**chunk.__dict__, "id": bool(chunk.id), "set": chunk.model_fields_set}


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_each_chunk_is_what_langchain_makes_while_another_listens(
    standin: StandIn, scenario: str
) -> None:
    model, prompt = model_at(standin), f"standin:{scenario}"
    fast = await chunks_of(model, prompt, {})
    observed = await chunks_of(model, prompt, {"callbacks": [Listener()]})
    assert len(fast) > 1
    assert [fields(each) for each in fast] == [fields(each) for each in observed]
    assert sum(fast[1:], fast[0]).text == sum(observed[1:], observed[0]).text


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_run_hears_the_same_on_either_way(
    standin: StandIn, scenario: str
) -> None:
    model, prompt = model_at(standin), f"standin:{scenario}"
    alone, beside = Run(chain="alone"), Run(chain="beside")
    await chunks_of(model, prompt, {"callbacks": [RunCallback(alone)]})
    await chunks_of(model, prompt, {"callbacks": [RunCallback(beside), Listener()]})
    assert heard(alone) == heard(beside)


def heard(run: Run) -> dict[str, Any]:
    [call] = run.calls.values()
    kept = ("deployment", "model", "provider", "backend", "parameters", "finish_reason")
    return {
        **{name: getattr(call, name) for name in kept},
        **{name: getattr(call, name) for name in ("chunks", "ended", "output_bytes")},
        "usage": run.usage,
    }


async def test_a_callers_own_handler_hears_each_token_and_the_end(
    standin: StandIn,
) -> None:
    listener = Listener()
    config: RunnableConfig = {"callbacks": [RunCallback(Run()), listener]}
    chunks = await chunks_of(model_at(standin), "standin:answer tokens=5", config)
    assert listener.tokens == [chunk.content for chunk in chunks]
    assert listener.ended == 1


async def test_a_handler_of_the_model_itself_hears_each_token(
    standin: StandIn,
) -> None:
    model, listener = model_at(standin), Listener()
    model.callbacks = [listener]
    chunks = await chunks_of(model, "standin:answer tokens=5", {})
    assert listener.tokens == [chunk.content for chunk in chunks]


async def test_a_graph_streams_the_model_token_by_token(standin: StandIn) -> None:
    model = model_at(standin)

    async def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("ask", ask).add_edge(START, "ask")
    question = {"messages": [HumanMessage("standin:answer tokens=5")]}
    config: RunnableConfig = {"callbacks": [RunCallback(Run())]}
    built: Any = graph.compile()
    streamed = built.astream(question, config, stream_mode="messages")
    texts = [message.text async for message, _ in streamed if message.text]
    assert len(texts) == 5


async def test_events_of_the_model_have_each_token(standin: StandIn) -> None:
    events = model_at(standin).astream_events("standin:answer tokens=5")
    names = [event["event"] async for event in events]
    assert names.count("on_chat_model_stream") > 5
    assert names[0] == "on_chat_model_start"
    assert names[-1] == "on_chat_model_end"


async def test_a_tracer_that_all_runs_have_is_told(standin: StandIn) -> None:
    with collect_runs() as collected:
        await chunks_of(model_at(standin), "standin:answer tokens=5", {})
    [run] = collected.traced_runs
    assert run.outputs is not None


async def test_a_token_makes_no_message_by_pydantic(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard of the token path: it counts, as no figure of time would hold."""
    made: list[AIMessageChunk] = []
    init = AIMessageChunk.__init__

    def counted(self: AIMessageChunk, *args: Any, **fields: Any) -> None:
        made.append(self)
        init(self, *args, **fields)

    monkeypatch.setattr(AIMessageChunk, "__init__", counted)
    config: RunnableConfig = {"callbacks": [RunCallback(Run())]}
    chunks = await chunks_of(model_at(standin), "standin:answer tokens=300", config)
    assert len(chunks) > 300
    assert made == []
