"""Graphs of LangGraph's how-to pages, written anew."""

from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnablePassthrough
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.func import entrypoint, task
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, Send
from pydantic import BaseModel

from runnables import Chain
from tests.support.kinds import ANSWER, Model, finish, kind

prompt = ChatPromptTemplate.from_template


def one_node(state: Any, node: Any, **options: Any) -> Chain:
    """A graph of one node."""
    graph = StateGraph(state).add_node("answer", node).add_edge(START, "answer")
    return graph.compile(**options)


def answering(model: Model) -> Any:
    """A node that answers with *model*."""

    async def answer(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"], config)]}

    return answer


@kind()
def graph(model: Model) -> Chain:
    """A graph of messages"""
    return one_node(MessagesState, answering(model))


@kind()
def graph_of_sync_nodes(model: Model) -> Chain:
    """The same, whose node is no coroutine"""

    def answer(state: MessagesState) -> dict[str, Any]:
        return {"messages": [model.invoke(state["messages"])]}

    return one_node(MessagesState, answer)


class Asked(TypedDict):
    question: str
    answer: str


@kind()
def own_state(model: Model) -> Chain:
    """A graph of `{question, answer}`"""

    async def answer(state: Asked) -> dict[str, str]:
        return {"answer": (await model.ainvoke(state["question"])).text}

    return one_node(Asked, answer)


@kind(text="Why?!", calls=0, streams=False)
def own_state_without_model(model: Model) -> Chain:
    """The same, without a model: the state's `answer` is the answer"""
    return one_node(Asked, lambda state: {"answer": state["question"] + "!"})


class Checked(BaseModel):
    topic: str
    joke: str = ""


@kind()
def pydantic_state(model: Model) -> Chain:
    """A graph whose state is a model of pydantic"""

    async def answer(state: Checked) -> dict[str, str]:
        return {"joke": (await model.ainvoke(state.topic)).text}

    return one_node(Checked, answer)


class Listed(TypedDict):
    messages: list[AnyMessage]


@kind()
def no_reducer(model: Model) -> Chain:
    """A state without a reducer, whose node returns all messages: only the new one"""

    async def answer(state: Listed) -> dict[str, Any]:
        reply = await model.ainvoke(state["messages"])
        return {"messages": [*state["messages"], reply]}

    return one_node(Listed, answer)


@kind()
def rebuilt_message(model: Model) -> Chain:
    """A node that returns `AIMessage(reply.text)`: once"""

    async def answer(state: MessagesState) -> dict[str, Any]:
        reply = await model.ainvoke(state["messages"])
        return {"messages": [AIMessage(reply.text, name="bot")]}

    return one_node(MessagesState, answer)


@kind(calls=0, streams=False)
def message_as_dictionary(model: Model) -> Chain:
    """A node that returns its message as a dictionary"""
    reply = {"role": "assistant", "content": "Alpha beta."}
    return one_node(MessagesState, lambda _: {"messages": [reply]})


@kind()
def graph_in_sequence(model: Model) -> Chain:
    """`adapter | graph`"""
    adapt: Chain = RunnableLambda(lambda x: {"messages": [("user", x["question"])]})
    return adapt | one_node(MessagesState, answering(model))


@kind()
def graph_with_retry(model: Model) -> Chain:
    """`graph.with_retry()`"""
    return one_node(MessagesState, answering(model)).with_retry()


@kind()
def graph_and_parser(model: Model) -> Chain:
    """`graph | StrOutputParser()`"""
    return one_node(MessagesState, answering(model)) | StrOutputParser()


@kind(text="ALPHA BETA.", streams=False)
def graph_and_function(model: Model) -> Chain:
    """`graph | function`: the function gets the state, and its result is the answer"""
    return one_node(MessagesState, answering(model)) | (
        lambda state: state["messages"][-1].text.upper()
    )


@kind()
def graph_assigned(model: Model) -> Chain:
    """`RunnablePassthrough.assign(answer=graph)`"""
    return RunnablePassthrough.assign(answer=one_node(MessagesState, answering(model)))


@kind(streams=False)
def graph_in_function(model: Model) -> Chain:
    """A function that calls a graph and returns its state"""
    inner = one_node(MessagesState, answering(model))

    async def answer(messages: list[AnyMessage], config: RunnableConfig) -> Any:
        return await inner.ainvoke({"messages": messages}, config)

    return RunnableLambda(answer)


@kind()
def subgraph(model: Model) -> Chain:
    """A graph within a graph"""
    return one_node(MessagesState, one_node(MessagesState, answering(model)))


@kind()
def subgraph_called(model: Model) -> Chain:
    """A graph that a node calls, and whose last message it returns anew"""
    inner = one_node(MessagesState, answering(model))

    async def ask(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        result = await inner.ainvoke({"messages": state["messages"]}, config)
        return {"messages": [AIMessage(result["messages"][-1].text)]}

    return one_node(MessagesState, ask)


@kind()
def flow(model: Model) -> Chain:
    """`@entrypoint` and `@task`"""

    @task
    async def ask(text: str) -> str:
        return (await model.ainvoke(text)).text

    @entrypoint()
    async def answer(text: str) -> str:
        return await ask(text)

    return answer


@kind()
def remembering(model: Model) -> Chain:
    """A graph with a checkpointer: each run's thread is deleted with it"""
    return one_node(MessagesState, answering(model), checkpointer=InMemorySaver())


@kind(text="Alpha beta.\n\nGamma delta.", calls=2)
def parallel_nodes(model: Model) -> Chain:
    """Two nodes at once: their messages stay whole"""
    other = Model(scripts=[("Gamma ", "delta.", finish())])
    graph = StateGraph(MessagesState)
    for name, each in (("one", model), ("two", other)):
        graph.add_node(name, answering(each)).add_edge(START, name)
    return graph.compile()


@kind(text="Alpha beta.\n\nGamma.", calls=2, scripts=[ANSWER, ("Gamma.", finish())])
def two_nodes(model: Model) -> Chain:
    """Two nodes, one after the other: two paragraphs"""
    graph = StateGraph(MessagesState)
    graph.add_node("one", answering(model)).add_edge(START, "one")
    graph.add_node("two", answering(model)).add_edge("one", "two")
    return graph.compile()


@kind()
def writing(model: Model) -> Chain:
    """`get_stream_writer()`: events `custom` beside the answer"""
    answer = answering(model)

    async def write(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
        get_stream_writer()({"progress": 1})
        result: dict[str, Any] = await answer(state, config)
        return result

    return one_node(MessagesState, write)


@kind(calls=2, scripts=[("Hidden.", finish()), ANSWER])
def summarised(model: Model) -> Chain:
    """Middleware's own calls, which LangChain marks with `lc_source`: left out"""
    marked = model.with_config(metadata={"lc_source": "summarization"})
    answer = answering(model)

    async def summarise(state: MessagesState, config: RunnableConfig) -> Any:
        summary = await marked.ainvoke(state["messages"], config)
        note = HumanMessage(summary.text, additional_kwargs={"lc_source": "s"})
        return await answer({"messages": [note]}, config)

    return one_node(MessagesState, summarise)


@kind()
def command(model: Model) -> Chain:
    """Nodes that hand over with `Command(goto=…)`"""

    def first(state: MessagesState) -> Command[Any]:
        return Command(goto="answer")

    graph = StateGraph(MessagesState).add_node("first", first, destinations=("answer",))
    graph.add_node("answer", answering(model)).add_edge(START, "first")
    return graph.compile()


class Jokes(TypedDict):
    topic: str
    jokes: Annotated[list[str], list.__add__]


@kind(text='["Alpha!","Beta!"]', output=["Alpha!", "Beta!"], calls=0, streams=False)
def map_reduce(model: Model) -> Chain:
    """Map-reduce with `Send`: the state's only new value, as JSON"""
    graph = StateGraph(Jokes)
    graph.add_node("joke", lambda state: {"jokes": [state["about"] + "!"]})
    sends = [Send("joke", {"about": "Alpha"}), Send("joke", {"about": "Beta"})]
    return graph.add_conditional_edges(START, lambda _: sends, ["joke"]).compile()
