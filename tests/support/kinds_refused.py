"""Runnables that cannot run, or not with every request."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, cast

from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import interrupt

from runnables import Chain
from tests.support.kinds import ANSWER, Model, calling, finish
from tests.support.kinds_of_graphs import Asked, one_node
from tests.support.kinds_of_sequences import Joke

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


CUT = [(calling("Joke", '{"setup": "Al'), finish("tool_calls"))]


class _Search(TypedDict):
    question: str
    limit: int


@dataclass(frozen=True, slots=True)
class Refused:
    """What is refused, with which status and code, and the beginning of why."""

    name: str
    about: str
    make: Callable[[Model], Chain]
    status: int
    code: str
    says: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    scripts: Any = (ANSWER,)
    content: Any = "Why?"

    def __str__(self) -> str:
        return self.name


def refused(
    status: int, code: str, says: str, **more: Any
) -> Callable[[Callable[[Model], Chain]], Refused]:
    def make(function: Callable[[Model], Chain]) -> Refused:
        about = " ".join((function.__doc__ or "").split()).rstrip(".")
        name = function.__name__.replace("_", "-")
        return Refused(name, about, function, status, code, says, **more)

    return make


@refused(400, "invalid_request", "inputs.language: is missing")
def missing_variable(model: Model) -> Chain:
    """A second variable that the request does not have"""
    return ChatPromptTemplate.from_template("{text} in {language}") | model


@refused(400, "invalid_request", "inputs.tone: is no variable", inputs={"tone": "dry"})
def unknown_variable(model: Model) -> Chain:
    """`inputs` that the runnable does not have"""
    return ChatPromptTemplate.from_template("{topic}") | model


@refused(400, "invalid_request", "inputs.limit: Input should be", inputs={"limit": "x"})
def wrong_type(model: Model) -> Chain:
    """`inputs` of another type than the schema's"""

    def search(asked: _Search) -> str:
        return asked["question"]

    return RunnableLambda(search)


@refused(
    400,
    "invalid_request",
    "messages.0.content.0: the chain takes text alone",
    content=[IMAGE],
)
def image_for_text(model: Model) -> Chain:
    """An image or a file, if the runnable takes text"""
    return ChatPromptTemplate.from_template("{topic}") | model


@refused(503, "not_configured", "The chain takes int, which no request has")
def number(model: Model) -> Chain:
    """A function of what no request has, such as a number: when it is loaded"""

    def double(number: int) -> int:
        return 2 * number

    return RunnableLambda(double)


@refused(400, "invalid_request", "inputs.language: is missing")
def missing_in_what_a_function_returns(model: Model) -> Chain:
    """A variable that is missing for a runnable which a function returns"""
    ask = ChatPromptTemplate.from_template("{text} in {language}") | model
    return RunnableLambda(lambda given: ask)


@refused(400, "invalid_request", "The chain does not say what it takes")
def parallel_for_a_model(model: Model) -> Chain:
    """A runnable without types that LangChain cannot run with what a request has, as
    `RunnableParallel(question=RunnablePassthrough()) | model`"""
    passed: Any = RunnableParallel(question=RunnablePassthrough())
    return cast(Chain, passed | model)


@refused(400, "invalid_request", "Fallbacks with an `exception_key` take")
def exception_for_a_model(model: Model) -> Chain:
    """Fallbacks with an `exception_key` that get no dictionary, as in `prompt |
    model.with_fallbacks(…)`; those of `(prompt | model).with_fallbacks(…)` get one"""
    ask = ChatPromptTemplate.from_template("{topic}")
    return ask | model.with_fallbacks([model], exception_key="error")


@refused(502, "upstream_error", "The chain cannot read the model's answer", scripts=CUT)
def unparsed_calls(model: Model) -> Chain:
    """`with_structured_output(…, include_raw=True)` without an object or a text"""
    return model.with_structured_output(Joke, include_raw=True)


@refused(500, "internal_error", "The chain gave nothing")
def nothing(model: Model) -> Chain:
    """A chain that calls no model and gives nothing to show, when it has ended"""
    return RunnableLambda(lambda given: None)


@refused(400, "thread_required", "The graph waits for a person: give a thread_id")
def interrupted(model: Model) -> Chain:
    """A graph that calls `interrupt()`, without a `thread_id`"""

    def approve(state: Asked) -> dict[str, Any]:
        return {"answer": interrupt("Shall I?")}

    return one_node(Asked, approve)


@refused(400, "thread_required", "The graph waits for a person: give a thread_id")
def interrupted_before(model: Model) -> Chain:
    """A graph with `interrupt_before` or `interrupt_after`, without a `thread_id`"""
    return one_node(
        Asked,
        lambda state: {"answer": "Yes"},
        checkpointer=InMemorySaver(),
        interrupt_before=["answer"],
    )


REFUSED = [value for value in vars().values() if isinstance(value, Refused)]
