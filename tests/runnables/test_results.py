"""What a chain ends with, if that is neither text nor messages."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePick
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph
from pydantic import BaseModel

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming import dialects
from streaming.errors import ChatError, InternalError
from streaming.events import Citation, Event, Output, TextDelta
from streaming.requests import validate
from streaming.upstream_errors import UnreadableAnswer
from tests.support.kinds import Model, calling, finish


async def events(chain: Chain) -> list[Event]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    async with asyncio.timeout(5):
        return [event async for event in events_of(prepare(chain), request, Run())]


async def text(chain: Chain) -> str:
    said = [each for each in await events(chain) if isinstance(each, TextDelta)]
    return "".join(each.text for each in said)


def returning(value: object) -> Chain:
    return RunnableLambda(lambda question: value)


def saying(*pieces: str) -> Model:
    return Model(scripts=[[*pieces, finish()]])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, 2, 3], "[1,2,3]"),
        ([{"a": 1}, {"b": 2}], '[{"a":1},{"b":2}]'),
        ([1, None, "a", {"b": 2}], '[1,null,"a",{"b":2}]'),
        ([["a"], ["b"]], '[["a"],["b"]]'),
        ([], "[]"),
    ],
)
async def test_a_list_is_one_result(value: Sequence[object], said: str) -> None:
    """Each item replaced the one before it, and the last was the answer."""
    chain = returning(value)
    assert await text(chain) == said
    assert [e.value for e in await events(chain) if isinstance(e, Output)] == [value]


async def test_a_list_that_a_parser_reads_is_whole() -> None:
    assert await text(saying("[1, ", "2", "3]") | JsonOutputParser()) == "[1,23]"


@pytest.mark.parametrize(
    "chain",
    [
        saying('{"answer": "Al', 'pha"}') | JsonOutputParser() | RunnablePick("answer"),
        (saying('{"answer": "Al', 'pha"}') | JsonOutputParser()).pick("answer"),
        saying('"Al', 'pha"') | JsonOutputParser(),
        saying('"Al', 'pha"') | JsonOutputParser().with_config(tags=["t"]),
    ],
)
async def test_a_text_that_a_parser_reads_comes_once(chain: Chain) -> None:
    """Each piece repeats what has been read before it."""
    said = [each for each in await events(chain) if isinstance(each, TextDelta)]
    assert [each.text for each in said] == ["Al", "pha"]


async def test_a_list_that_a_branch_reads_comes_once() -> None:
    chain: Chain = RunnableParallel(names=saying('["a', '", "b"]') | JsonOutputParser())
    assert await text(chain) == '["a","b"]'


async def test_a_text_that_a_branch_reads_comes_once() -> None:
    read: Chain = saying('"Al', 'pha"') | JsonOutputParser()
    assert await text(RunnableParallel(name=read)) == "Alpha"
    both: Chain = RunnableParallel(name=read, number=lambda given: 1)
    assert Output({"name": "Alpha", "number": 1}) in await events(both)


async def test_a_list_of_messages_is_each_of_them() -> None:
    chain = returning([AIMessage("One"), AIMessage("Two")])
    assert await text(chain) == "One\n\nTwo"


async def test_half_a_surrogate_pair_in_a_result_is_no_error() -> None:
    """A model's JSON may end in the middle of an emoji."""
    chain = saying(r'{"a\ud83d": "b\ud83d"}') | JsonOutputParser()
    assert await text(chain) == '{"a?":"b?"}'


async def test_branches_within_branches_have_one_order() -> None:
    first_done = asyncio.Event()

    async def slow(question: str) -> str:
        await first_done.wait()
        return "1"

    async def fast(question: str) -> str:
        first_done.set()
        return "2"

    inner: Chain = RunnableParallel(a=RunnableLambda(slow), b=RunnableLambda(fast))
    outer: Chain = RunnableParallel(x=inner, y=RunnableLambda(fast))
    assert await text(outer) == '{"x":{"a":"1","b":"2"},"y":"2"}'


async def test_a_prompt_is_what_it_says() -> None:
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), "{topic}"])
    assert await text(prompt) == "Be brief.\n\nWhy?"


async def test_documents_alone_are_the_answer_and_cited() -> None:
    chain = returning([Document("One."), Document("Two.")])
    assert await text(chain) == "One.\n\nTwo."
    cited = [each for each in await events(chain) if isinstance(each, Citation)]
    assert len(cited) == 2


class Read(BaseModel):
    number: int


@pytest.mark.parametrize(
    "parser", [JsonOutputParser(), PydanticOutputParser(pydantic_object=Read)]
)
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_answer_that_a_parser_cannot_read_is_an_error(
    parser: Any, streamed: bool
) -> None:
    """LangChain's stream of it has nothing in it, and its `ainvoke` raises."""
    prompt = ChatPromptTemplate.from_template("{topic}")
    read: Chain = prompt | saying("I would rather not.") | parser

    async def whole(question: str) -> Any:
        return await read.ainvoke({"topic": question})

    with pytest.raises(UnreadableAnswer):
        await events(read if streamed else RunnableLambda(whole))


@pytest.mark.parametrize("arguments", ["{}", '{"number": "x"}', '{"num'])
async def test_a_call_that_is_not_in_the_form_is_an_error(arguments: str) -> None:
    """LangChain's stream of it has nothing in it, so that the answer was empty."""
    model = Model(scripts=[[calling("Read", arguments), finish("tool_calls")]])
    with pytest.raises(UnreadableAnswer):
        await events(model.with_structured_output(Read))


async def test_what_is_no_json_is_an_error_that_names_its_type() -> None:
    with pytest.raises(ChatError) as raised:
        await events(returning(object()))
    assert isinstance(raised.value, InternalError)
    assert raised.value.message == "The chain's result is of the type object."


@pytest.mark.parametrize("odd", [threading.Lock(), object(), {"a": threading.Lock()}])
async def test_a_chain_may_send_what_cannot_be_copied(odd: Any) -> None:
    """As the arguments of a tool it is text, as an event of its own it is left out."""

    def call(state: MessagesState) -> Any:
        get_stream_writer()(odd)
        asked = [{"name": "t", "args": {"odd": odd}, "id": "c1"}]
        made = AIMessage("", tool_calls=asked)
        return {"messages": [made, ToolMessage("held", tool_call_id="c1", name="t")]}

    graph: Any = StateGraph(MessagesState).add_node("call", call)
    chain = graph.add_edge(START, "call").compile()
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    run = Run(chain="c")
    made = ending(events_of(prepare(chain), request, run), run)
    frames = [f async for f in dialects.load("json").encode(made, request)]
    assert run.error is None
    assert b'"name":"t","args":{"odd":' in b"".join(frames)
    assert b"event: done" in frames[-1]


async def test_the_only_text_of_a_dictionary_streams_and_other_results_are_whole() -> (
    None
):
    said = ["Alpha ", "beta."]
    alone: Chain = RunnableParallel(joke=Model())
    after: Chain = RunnableLambda(lambda given: given) | alone
    for chain in (alone, after):
        assert await events(chain) == [TextDelta("", each) for each in said]
    branches: dict[str, Any] = {"messages": lambda given: 1, "joke": lambda given: "a"}
    within: Chain = RunnableParallel(result=branches)
    [_, output] = await events(within)
    assert output == Output({"messages": 1, "joke": "a"})
