"""A request is given to a runnable as its own schema asks."""

import re
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Any, NotRequired, TypedDict

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage
from langchain_core.prompts import (
    ChatPromptTemplate,
    MessagesPlaceholder,
    PromptTemplate,
)
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import (
    RunnableBranch,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langchain_core.tools import Tool
from langgraph.func import entrypoint
from langgraph.graph import START, StateGraph
from langgraph.graph.message import add_messages
from pydantic import BaseModel

from runnables import Chain
from runnables.prepared import prepare
from streaming.errors import InvalidRequest, NotConfigured
from streaming.requests import validate

FIRST = {"role": "user", "content": "Hi"}
SECOND = {"role": "assistant", "content": "Yes?"}
LAST = {"role": "user", "content": "Why?"}

HISTORY = [HumanMessage("Hi"), AIMessage("Yes?")]
ALL = [*HISTORY, HumanMessage("Why?")]
BY_NAME = {
    **dict.fromkeys(("question", "input", "query", "topic"), "Why?"),
    **dict.fromkeys(("history", "chat_history"), HISTORY),
}

model = FakeListChatModel(responses=["Hello"])
prompt = ChatPromptTemplate.from_template


class Documents(BaseRetriever):
    """Finds nothing."""

    def _get_relevant_documents(self, query: str, **kwargs: Any) -> list[Any]:
        return []


class Asked(TypedDict):
    """A state of its own."""

    question: str
    answer: NotRequired[str]


class Scored(BaseModel):
    """An input that pydantic checks."""

    query: str
    limit: int = 3


@dataclass
class Titled:
    """An input that is a dataclass."""

    text: str
    title: str = "none"


class Conversing(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    summary: str


def said(value: Any) -> Any:
    """*value* without the messages' ids, which are made up."""
    match value:
        case BaseMessage():
            return type(value)(content=value.content)
        case list():
            return [said(each) for each in value]
        case dict():
            return {key: said(each) for key, each in value.items()}
        case _:
            return value


def given(chain: Chain, **inputs: Any) -> Any:
    request = validate({"messages": [FIRST, SECOND, LAST], "inputs": inputs})
    return said(prepare(chain).input.of(request))


def graph_of(state: Any) -> Chain:
    return StateGraph(state).add_node("n", lambda _: {}).add_edge(START, "n").compile()


def of_text(question: str) -> str:
    return question


def of_messages(conversation: list[BaseMessage]) -> str:
    return ""


def of_scored(asked: Scored) -> str:
    return ""


def of_titled(asked: Titled) -> str:
    return ""


def of_asked(asked: Asked) -> str:
    return ""


@entrypoint()
async def flow(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        (prompt("Tell of {topic}") | model, {"topic": "Why?"}),
        (prompt("{question}"), {"question": "Why?"}),
        (prompt("{anything}") | model, {"anything": "Why?"}),
        (PromptTemplate.from_template("{input}") | model, {"input": "Why?"}),
        (ChatPromptTemplate([("placeholder", "{messages}")]), {"messages": ALL}),
        (ChatPromptTemplate([MessagesPlaceholder("talk")]), {"talk": ALL}),
        (
            ChatPromptTemplate([MessagesPlaceholder("history"), ("user", "{query}")]),
            {"query": "Why?", "history": HISTORY},
        ),
        (
            PromptTemplate.from_template("{chat_history} {input}"),
            {"input": "Why?", "chat_history": "Human: Hi\nAI: Yes?"},
        ),
        (
            ChatPromptTemplate(
                [("user", "{input}"), MessagesPlaceholder("agent_scratchpad")]
            ),
            {"input": "Why?", "agent_scratchpad": []},
        ),
        (prompt("{topic} {x}").partial(x="y"), {"topic": "Why?"}),
        (Tool("shout", str.upper, "Say it."), "Why?"),
        (model, ALL),
        (model.bind(stop=["x"]), ALL),
        (model.with_retry(), ALL),
        (model.with_fallbacks([model]), ALL),
        (model.with_config(tags=["a"]), ALL),
        ((prompt("{topic}") | model).with_retry(), {"topic": "Why?"}),
        (Documents() | RunnableLambda(str), "Why?"),
        (
            {"context": Documents(), "question": RunnablePassthrough()}
            | prompt("{context} {question}"),
            "Why?",
        ),
        (
            {"messages": RunnablePassthrough()}
            | ChatPromptTemplate([("placeholder", "{messages}")]),
            ALL,
        ),
        (
            {"context": itemgetter("question") | Documents()} | prompt("{context}"),
            {"question": "Why?"},
        ),
        (
            RunnablePassthrough.assign(context=itemgetter("input") | Documents())
            | prompt("{context} {input}"),
            {"input": "Why?"},
        ),
        (RunnablePassthrough() | prompt("{topic}"), {"topic": "Why?"}),
        (RunnableParallel(a=prompt("{topic}"), b=prompt("{topic}")), {"topic": "Why?"}),
        (
            RunnableBranch(
                (lambda x: "a" in x["topic"], prompt("{topic}!")), prompt("{topic}")
            ),
            {"topic": "Why?"},
        ),
        ((prompt("{topic}") | model).map(), [{"topic": "Why?"}]),
        (RunnableLambda(of_text), "Why?"),
        (RunnableLambda(of_messages), ALL),
        (RunnableLambda(of_scored), Scored(query="Why?")),
        (RunnableLambda(of_titled), Titled("Why?")),
        (RunnableLambda(of_asked), {"question": "Why?"}),
        (RunnableLambda(lambda x: x["query"]), {"query": "Why?"}),
        (RunnableLambda(lambda text: text.upper()), "Why?"),
        (RunnableLambda(lambda x: x), {"messages": ALL, **BY_NAME}),
        (graph_of(Asked), {"question": "Why?"}),
        (graph_of(Scored), {"query": "Why?"}),
        (graph_of(Conversing), {"messages": ALL}),
        (flow, "Why?"),
    ],
)
def test_it_is_what_the_schema_asks_for(chain: Chain, expected: object) -> None:
    assert given(chain) == expected


def test_other_variables_come_from_inputs_and_leave_one_to_the_message() -> None:
    translate = prompt("{text} in {language}") | model
    assert given(translate, language="fr") == {"text": "Why?", "language": "fr"}
    both = prompt("{topic}: {question}") | model
    assert given(both, topic="bears") == {"topic": "bears", "question": "Why?"}
    maybe = {"q": lambda x: x["q"], "tone": lambda x: x.get("tone", "dry")} | prompt("")
    assert given(maybe) == {"q": "Why?"}
    assert given(maybe, tone="wry") == {"q": "Why?", "tone": "wry"}
    assert given(RunnableLambda(of_scored), limit=5) == Scored(query="Why?", limit=5)
    assert given(graph_of(Conversing), summary="s") == {"messages": ALL, "summary": "s"}


@pytest.mark.parametrize(
    ("chain", "inputs", "message"),
    [
        (
            prompt("{text} in {language}"),
            {},
            r"inputs.language: is missing; the chain takes ['language', 'text']",
        ),
        (
            prompt("{topic}"),
            {"tone": "dry"},
            "inputs.tone: is no variable of the chain, expected one of ['topic']",
        ),
        (
            model,
            {"tone": "dry"},
            "inputs.tone: is no variable of the chain, and it has",
        ),
        (RunnableLambda(of_scored), {"limit": "many"}, "inputs.limit: Input should be"),
        (RunnableLambda(of_scored), {"limit": "5"}, "inputs.limit: Input should be"),
        (
            graph_of(Conversing),
            {"messages": []},
            "inputs.messages: is the conversation",
        ),
        (prompt("{a} {b}"), {"a": 1}, "inputs.a: Input should be a valid string"),
    ],
)
def test_what_does_not_fit_is_named_with_the_choices(
    chain: Chain, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(message)) as raised:
        given(chain, **inputs)
    assert raised.value.param


def test_a_chain_of_text_refuses_what_it_would_lose() -> None:
    part = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
    message = {"role": "user", "content": [{"type": "text", "text": "?"}, part]}
    with pytest.raises(InvalidRequest, match=r"messages.0.content.1: .* text alone"):
        prepare(prompt("{topic}")).input.of(validate({"messages": [message]}))


def test_a_conversation_without_a_user_has_no_question() -> None:
    system = {"role": "system", "content": "Be brief."}
    with pytest.raises(InvalidRequest, match="newest message of the user"):
        prepare(prompt("{topic}")).input.of(validate({"messages": [system]}))


def test_each_message_has_an_id_of_its_own() -> None:
    request = validate({"messages": [FIRST, SECOND, LAST]})
    given = prepare(model).input.of(request)
    assert isinstance(given, list)
    assert len({message.id for message in given} - {None}) == 3


def test_what_has_no_type_reads_as_the_question_if_it_is_made_text() -> None:
    request = validate({"messages": [LAST]})
    value = prepare(RunnableLambda(lambda x: x)).input.of(request)
    assert f"{value}" == str(value) == "Why?"


def test_what_has_no_type_finds_the_question_by_its_names() -> None:
    request = validate({"messages": [FIRST, SECOND, LAST]})
    value = prepare(RunnableLambda(lambda x: x)).input.of(request)
    assert isinstance(value, dict)
    assert (value["topic"], said(value["history"])) == ("Why?", HISTORY)
    assert value.get("tone") is None
    with pytest.raises(KeyError):
        value["tone"]


def of_number(number: int) -> int:
    return number


def test_what_can_never_run_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(NotConfigured, match="takes int, which no request has"):
        prepare(RunnableLambda(of_number))
