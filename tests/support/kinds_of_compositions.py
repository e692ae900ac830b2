"""Runnables put together in odd ways, most of which do not say what they take."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, ChatMessage, HumanMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import (
    ConfigurableField,
    Runnable,
    RunnableBranch,
    RunnableConfig,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
    chain,
)
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint
from langgraph.graph import MessagesState

from runnables import Chain
from tests.support.kinds import Model, calling, finish, kind
from tests.support.kinds_of_graphs import answering, one_node
from tests.support.kinds_of_sequences import CALL_ANSWER, FAILING, Joke, Library

prompt = ChatPromptTemplate.from_template
parser = StrOutputParser()


@kind()
def parallel_messages(model: Model) -> Chain:
    """`RunnableParallel(messages=RunnablePassthrough()) | model`"""
    passed: Any = RunnableParallel(messages=RunnablePassthrough())
    return cast(Chain, passed | model)


@kind()
def parallel_of_identity(model: Model) -> Chain:
    """`{"messages": lambda x: x} | prompt | model`"""
    ask = ChatPromptTemplate([MessagesPlaceholder("messages")])
    return {"messages": lambda x: x} | ask | model


@kind()
def parallel_of_two(model: Model) -> Chain:
    """`{"question": …, "messages": …}`, both `RunnablePassthrough()`"""
    ask = ChatPromptTemplate([("system", "{question}"), ("placeholder", "{messages}")])
    both: Any = {"question": RunnablePassthrough(), "messages": RunnablePassthrough()}
    return cast(Chain, both | ask | model)


@kind()
def nested_parallel(model: Model) -> Chain:
    """`{"chat": {"messages": RunnablePassthrough()}} | itemgetter("chat") | model`"""
    inner: Any = {"messages": RunnablePassthrough()}
    return RunnableParallel(chat=inner) | itemgetter("chat") | model


@kind()
def fallback_of_other_variables(model: Model) -> Chain:
    """A fallback with other variables: each gets the question by its own name"""
    failing = prompt("{topic}") | FAILING
    return failing.with_fallbacks([prompt("{question}") | model])


@kind()
def fallback_of_variables_for_a_model(model: Model) -> Chain:
    """A prompt as the fallback of a model"""
    other: Any = prompt("{question}") | model
    return FAILING.with_fallbacks([other])


@kind()
def graph_as_fallback(model: Model) -> Chain:
    """A graph as the fallback of a prompt"""
    graph = one_node(MessagesState, answering(model))
    return (prompt("{topic}") | FAILING).with_fallbacks([graph])


@kind()
def branch_of_both(model: Model) -> Chain:
    """`RunnableBranch` of a model and of a prompt"""
    ask = prompt("{animal}") | model
    return RunnableBranch((lambda x: "animal" not in x, model), ask)


@kind()
def text_and_prompt_at_once(model: Model) -> Chain:
    """A prompt beside a retriever: both get the question"""
    answer = prompt("{question}") | model | parser
    return RunnableParallel(answer=answer, sources=Library())


@kind()
def async_router(model: Model) -> Chain:
    """A coroutine without types that returns a prompt of any one variable to go on"""

    @chain
    async def route(given):  # type: ignore[no-untyped-def]  # That is what it is about.
        return prompt("{animal}") | model

    return route


@kind()
def router_to_a_graph(model: Model) -> Chain:
    """A function that returns a graph to go on with"""
    graph = one_node(MessagesState, answering(model))
    return RunnableLambda(lambda given: graph)


@kind(inputs={"language": "French"})
def getters(model: Model) -> Chain:
    """`{"q": itemgetter("question"), "l": itemgetter("language")} | prompt | model`"""
    asked = {"q": itemgetter("question"), "l": itemgetter("language")}
    return asked | prompt("{q} {l}") | model


@kind()
def picked_messages(model: Model) -> Chain:
    """`RunnablePassthrough.assign(…).pick("messages") | model`"""
    return RunnablePassthrough.assign(tone=lambda x: "dry").pick("messages") | model


@kind()
def alternatives_of_a_prompt(model: Model) -> Chain:
    """`prompt.configurable_alternatives(…) | model`, with listeners"""
    which = ConfigurableField("which")
    ask = prompt("{topic}").configurable_alternatives(which, other=prompt("{topic}!"))
    return (ask | model).with_listeners(on_end=lambda run: None)


@kind(scripts=[('{"text": "Alpha ', 'beta."}', finish())])
def partial_objects(model: Model) -> Chain:
    """A generator over what `JsonOutputParser` yields: one field as it grows"""

    async def field(objects: AsyncIterator[dict[str, str]]) -> AsyncIterator[str]:
        said = ""
        async for read in objects:
            yield read.get("text", "").removeprefix(said)
            said = read.get("text", "")

    return model | JsonOutputParser() | field


@kind(streams=False)
def parser_after_a_parallel(model: Model) -> Chain:
    """`RunnableParallel(…) | itemgetter("joke") | StrOutputParser()`"""
    return RunnableParallel(joke=model) | itemgetter("joke") | parser


@kind(scripts=[("Alpha ", "beta.", finish())], streams=False)
def unparsed(model: Model) -> Chain:
    """`with_structured_output(…, include_raw=True)`, if there is no object: the text"""
    return model.with_structured_output(Joke, include_raw=True)


@kind(scripts=[CALL_ANSWER], text="Alpha", streams=False)
def field_of_an_object(model: Model) -> Chain:
    """`model.with_structured_output(…) | (lambda joke: joke.setup)`"""
    return model.with_structured_output(Joke) | (lambda joke: joke.setup)


@kind(streams=False)
def simulated_user(model: Model) -> Chain:
    """`model | (lambda m: HumanMessage(m.text))`: what the chain gives is the answer"""
    return model | (lambda message: HumanMessage(message.text))


@kind(streams=False)
def other_role(model: Model) -> Chain:
    """The same of a `ChatMessage`, whatever its role"""
    return model | (lambda said: ChatMessage(role="expert", content=said.text))


@tool
def find(query: str, limit: int = 3) -> str:
    """Find documents."""
    return f"{limit} of {query}"


@kind(calls=0, text="3 of Why?", streams=False)
def tool_alone(model: Model) -> Chain:
    """A tool alone: its one text takes the question"""
    return find


CALLS = [(calling("find", '{"query": "bears"}'), finish("tool_calls"))]


@kind(scripts=CALLS, text="3 of bears", streams=False)
def tool_of_calls(model: Model) -> Chain:
    """`model | (lambda m: m.tool_calls) | tool.map()`"""
    return model | (lambda message: message.tool_calls) | find.map()


@kind()
def flow_that_remembers(model: Model) -> Chain:
    """`@entrypoint(checkpointer=…)` of messages, with `previous`"""

    @entrypoint(checkpointer=InMemorySaver())
    async def flow(messages: list[BaseMessage], *, previous: Any = None) -> Any:
        reply = await model.ainvoke([*(previous or []), *messages])
        return entrypoint.final(value=reply, save=[*messages, reply])

    return flow


@dataclass
class Notes:
    question: str = ""
    answer: str = ""


@kind()
def state_of_a_dataclass(model: Model) -> Chain:
    """A graph whose state is a dataclass"""

    async def answer(state: Notes) -> dict[str, str]:
        return {"answer": (await model.ainvoke(state.question)).text}

    return one_node(Notes, answer)


class Asking(Runnable[Any, Any]):
    """Asks *model* with the messages of what it is given."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def invoke(self, input: Any, config: RunnableConfig | None = None, **_: Any) -> Any:
        return self.model.invoke(input["messages"], config)


@kind(streams=False)
def class_of_ones_own(model: Model) -> Chain:
    """A subclass of `Runnable` with `invoke` alone, and without types"""
    return Asking(model)


@kind(calls=0, text="gamma", streams=False)
def documents_of_a_function(model: Model) -> Chain:
    """A function that returns documents: cited, and their text is the answer"""
    return RunnableLambda(lambda question: [Document(f"{question} gamma"[-5:])])
