"""Tool calls without ids, of whatever model, get one by which an agent returns their
results."""

import asyncio
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.events import Event, ToolCall, ToolResult
from streaming.requests import validate
from tests.support.kinds import ANSWER, Model, finish
from tests.support.kinds_of_agents import agent_of


@tool
def double(number: int) -> str:
    """Doubles."""
    return str(2 * number)


async def events(chain: Chain) -> list[Event]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    async with asyncio.timeout(5):
        return [each async for each in events_of(prepare(chain), request, Run())]


def pieces(*given: tuple[str | None, str, str | None, int | None]) -> Model:
    chunks = [
        AIMessageChunk(
            content="",
            tool_call_chunks=[tool_call_chunk(name=n, args=a, id=i, index=place)],
        )
        for n, a, i, place in given
    ]
    return Model(scripts=[[*chunks, finish("tool_calls")], ANSWER])


class Whole(BaseChatModel):
    """Answers at once, first with calls, then with nothing."""

    ids: tuple[str | None, ...] = (None, None)
    answered: bool = False

    @property
    def _llm_type(self) -> str:
        return "whole"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        named = enumerate(self.ids, 1)
        calls = [
            {"name": "double", "args": {"number": n}, "id": each} for n, each in named
        ]
        message = (
            AIMessage("Done.") if self.answered else AIMessage("", tool_calls=calls)
        )
        self.answered = True
        return ChatResult(generations=[ChatGeneration(message=message)])


ONE, TWO = '{"number": 1}', '{"number": 2}'


AGAIN = ("double", TWO, None, 1)

MODELS: dict[str, BaseChatModel] = {
    "none": pieces(("double", ONE, None, 0), AGAIN),
    "empty": pieces(("double", ONE, "", 0), ("double", TWO, "", 1)),
    "one index": pieces(("double", ONE, None, 0), ("double", TWO, None, 0)),
    "no index": pieces(("double", ONE, None, None), ("double", TWO, None, None)),
    "halves": pieces(("double", ONE[:5], None, 0), (None, ONE[5:], None, 0), AGAIN),
    "named": pieces(("double", ONE[:5], None, 0), ("double", ONE[5:], None, 0), AGAIN),
    "whole": Whole(),
    "whole and empty": Whole(ids=("", "")),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
async def test_each_result_is_of_the_call_that_was_shown(model: Any) -> None:
    found = await events(agent_of(model, double))
    calls = [event for event in found if isinstance(event, ToolCall)]
    results = {e.id: e.content for e in found if isinstance(e, ToolResult)}
    assert [call.args for call in calls] == [{"number": 1}, {"number": 2}]
    assert [results[call.id] for call in calls] == ["2", "4"]
    assert "" not in results


async def test_an_id_that_there_is_stays() -> None:
    second = (None, "", None, 1), ("double", TWO, "b", 2)
    models: list[Any] = [pieces(("double", ONE, "a", 1), *second)]
    for each in [*models, Whole(ids=("a", "b"))]:
        found = await events(agent_of(each, double))
        assert [e.id for e in found if isinstance(e, ToolResult)] == ["a", "b"]


async def test_a_model_alone_shows_them_too() -> None:
    found = await events(Whole())
    ids = [event.id for event in found if isinstance(event, ToolCall)]
    assert len(set(ids)) == len(list(filter(None, ids))) == 2
