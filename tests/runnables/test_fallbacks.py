"""Fallbacks that get the exception, as `exception_key` asks for."""

import asyncio

import pytest
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

from runnables import Chain
from runnables.input import NO_DICTIONARY
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.errors import InvalidRequest
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.kinds import Model
from tests.support.kinds_of_sequences import FAILING

ASK = ChatPromptTemplate.from_template("{topic}")
ASK_AGAIN = ChatPromptTemplate([("system", "{error}"), ("placeholder", "{messages}")])


def falling_back(first: Chain, other: Chain) -> Chain:
    return first.with_fallbacks([other], exception_key="error")


def of_text(question: str) -> str:
    return question


async def text(chain: Chain) -> str:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    async with asyncio.timeout(5):
        made = events_of(prepare(chain), request, Run())
        return "".join([e.text async for e in made if isinstance(e, TextDelta)])


@pytest.mark.parametrize(
    "chain",
    [
        falling_back(ASK | FAILING, ASK_AGAIN | Model()),
        {"topic": of_text} | falling_back(ASK | FAILING, ASK | Model()),
        RunnableLambda(lambda given: falling_back(FAILING, Model())),
    ],
    ids=["prompts", "after branches", "of a function"],
)
async def test_the_exception_is_a_variable_of_a_dictionary(chain: Chain) -> None:
    assert await text(chain) == "Alpha beta."


@pytest.mark.parametrize(
    "chain",
    [
        ASK | falling_back(FAILING, Model()),
        ASK | Model() | falling_back(FAILING, Model()),
        falling_back(FAILING, Model()),
        falling_back(RunnableLambda(of_text), RunnableLambda(of_text)),
    ],
    ids=["after a prompt", "after a model", "models", "functions"],
)
async def test_what_is_no_dictionary_is_refused_and_says_so(chain: Chain) -> None:
    with pytest.raises(InvalidRequest) as raised:
        await text(chain)
    assert raised.value.message == NO_DICTIONARY
