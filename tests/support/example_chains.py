"""Chains as people bring them, for `CHAINS=name=tests.support.example_chains:name`."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from operator import itemgetter
from typing import Annotated, Any, TypedDict

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.documents import Document
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    AnyMessage,
    BaseMessage,
    HumanMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
)
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode

from runnables import ChainInput, Chunk, chat_model, from_generator
from settings import Settings

QUESTION = ChatPromptTemplate([("system", "Be brief."), ("placeholder", "{messages}")])


class ScriptedModel(BaseChatModel):
    """Streams exactly what its script says: text, chunks, pauses and exceptions."""

    script: list[Any]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _get_ls_params(self, stop: Any = None, **kwargs: Any) -> Any:
        return {"ls_model_name": "scripted-1", "ls_model_type": "chat"}

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        return await agenerate_from_stream(self._astream(*args, **kwargs))

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        for step in self.script:
            match step:
                case float():
                    await asyncio.sleep(step)
                case Exception():
                    raise step
                case str():
                    yield ChatGenerationChunk(message=AIMessageChunk(content=step))
                case AIMessageChunk():
                    info = dict(step.response_metadata)
                    yield ChatGenerationChunk(
                        message=step.model_copy(), generation_info=info or None
                    )


def finish(reason: str = "stop", tokens: int = 1) -> AIMessageChunk:
    """The chunk a provider ends with: why, and how many tokens."""
    usage = UsageMetadata(
        input_tokens=10 * tokens, output_tokens=tokens, total_tokens=11 * tokens
    )
    return AIMessageChunk(
        content="", response_metadata={"finish_reason": reason}, usage_metadata=usage
    )


def calling(name: str, args: str, index: int = 0) -> AIMessageChunk:
    """A tool call in one chunk."""
    piece = {"name": name, "args": args, "id": f"call_{index + 1}", "index": index}
    return AIMessageChunk(content="", tool_call_chunks=[piece])


answering = ScriptedModel(script=["Hel", "lo", finish()])

blocks = QUESTION | ScriptedModel(
    script=[
        AIMessageChunk(content=[{"type": "reasoning", "reasoning": "Hm.", "index": 0}]),
        AIMessageChunk(content=[{"type": "text", "text": "Hel", "index": 1}]),
        AIMessageChunk(content=[{"type": "text", "text": "lo", "index": 1}]),
        AIMessageChunk(content=[], response_metadata={"finish_reason": "stop"}),
    ]
)

strings = QUESTION | answering | StrOutputParser()
model = answering


def sources(settings: Settings) -> Runnable[Any, Any]:
    """Retrieval as LangChain's own helpers shape it: `{"answer", "context"}`."""
    documents = [
        Document("Paris is in France.", metadata={"title": "Paris", "source": "p.md"}),
        Document(
            "So is Lyon.", metadata={"source": "lyon.md", "url": "https://x/lyon"}
        ),
    ]
    retrieve: Runnable[Any, Any] = RunnableLambda(lambda _: documents)
    return RunnablePassthrough.assign(context=retrieve).assign(answer=strings)


async def _ragged(chunks: AsyncIterator[Any]) -> AsyncGenerator[Any]:
    async for _ in chunks:
        yield ""
        yield {"intermediate": 1}
        yield 42
        yield HumanMessage("not for the caller")
        yield AIMessage("whole message")


ragged = RunnableGenerator(_ragged)


class State(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]


async def _respond(state: State, config: RunnableConfig) -> dict[str, Any]:
    return {"messages": [await answering.ainvoke(state["messages"], config)]}


graph = (
    StateGraph(State).add_node("respond", _respond).add_edge(START, "respond").compile()
)


@tool(response_format="content_and_artifact")
async def look_up(city: str) -> tuple[str, list[Document]]:
    """Look up a city."""
    source = Document(f"{city} has two million people.", metadata={"title": city})
    return f"{city}: two million", [source]


def _agent_model(messages: list[AnyMessage]) -> ScriptedModel:
    if messages[-1].type == "tool":
        return ScriptedModel(script=["Two million.", finish("stop", 2)])
    asking = [calling("look_up", '{"city": "Paris"}'), finish("tool_calls", 3)]
    return ScriptedModel(script=asking)


async def _think(state: State, config: RunnableConfig) -> dict[str, Any]:
    model = _agent_model(state["messages"])
    return {"messages": [await model.ainvoke(state["messages"], config)]}


def _next(state: State) -> str:
    last = state["messages"][-1]
    return "tools" if isinstance(last, AIMessage) and last.tool_calls else "__end__"


agent = (
    StateGraph(State)
    .add_node("think", _think)
    .add_node("tools", ToolNode([look_up]))
    .add_edge(START, "think")
    .add_conditional_edges("think", _next)
    .add_edge("tools", "think")
    .compile()
)


async def _silent(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    await adispatch_custom_event("progress", 1, config=config)
    yield ""


silent = from_generator(_silent)
nothing: Runnable[Any, Any] = RunnableLambda(lambda _: None)


def _raise(_: Any) -> Iterator[str]:
    raise RuntimeError("the-text-of-an-exception with the prompt in it")


broken = RunnableLambda(_raise)


@tool
async def wait(seconds: float) -> str:
    """Wait."""
    await asyncio.sleep(seconds)
    return "waited"


async def _quiet_tool(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[Chunk]:
    yield "before"
    await wait.ainvoke({"seconds": 3}, config)
    yield " after"


quiet_tool = from_generator(_quiet_tool)


async def _inner(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    hidden = ScriptedModel(script=["hidden", finish("length", 5)])
    await hidden.ainvoke(inputs["messages"], config)
    async for chunk in answering.astream(inputs["messages"], config):
        yield chunk


inner = from_generator(_inner)


def assigned(settings: Settings) -> Runnable[Any, Any]:
    """The configured model, as a branch of a `RunnableParallel`."""
    answer = QUESTION | chat_model(settings) | StrOutputParser()
    return RunnablePassthrough.assign(context=lambda _: []).assign(answer=answer)


def nested(settings: Settings) -> Runnable[Any, Any]:
    """The configured model, in a graph within a graph."""
    model = chat_model(settings)

    async def respond(state: State, config: RunnableConfig) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"], config)]}

    inside = StateGraph(State).add_node("respond", respond).add_edge(START, "respond")
    outside = StateGraph(State).add_node("inside", inside.compile())
    return outside.add_edge(START, "inside").compile()


def remembering(settings: Settings) -> Runnable[Any, Any]:
    """A graph that keeps its threads, and says how long this one is."""

    async def count(state: State) -> dict[str, Any]:
        return {"messages": [AIMessage(str(len(state["messages"])))]}

    counting = StateGraph(State).add_node("count", count).add_edge(START, "count")
    return counting.compile(checkpointer=InMemorySaver())


class SearchError(Exception):
    """What a search service's library raises, with a status of its own."""

    status_code = 404


def _search(_: Any) -> str:
    raise SearchError("index not found: the-text-of-an-exception")


searching = RunnableLambda(_search)

tools = RunnableLambda(itemgetter("messages")) | ScriptedModel(
    script=[calling("look_up", '{"city": "Par'), finish("tool_calls")]
)

code = QUESTION | ScriptedModel(
    script=[calling("run", '{"code": "\\d' + "x" * 100_000), finish("tool_calls")]
)

prolific = QUESTION | ScriptedModel(
    script=[*(calling("run", "{}", index) for index in range(257)), finish()]
)
unheard = prolific | StrOutputParser()


def unstreamed(settings: Settings) -> Runnable[Any, Any]:
    """The configured model, asked for its whole answer at once."""
    model = chat_model(settings)

    async def ask(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        yield await model.ainvoke(inputs["messages"], config)

    return from_generator(ask)


async def _busy(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    yield "Well"
    for _ in range(20_000):
        yield calling("", "x")


busy = from_generator(_busy)
