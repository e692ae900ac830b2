"""Answers of images and the like: shown by their addresses, or an error."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from runnables import Chain
from runnables.media import UNSHOWN
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.errors import NotYet
from streaming.events import Redact, TextDelta, ToolCall
from streaming.requests import validate
from tests.support.kinds import Model, calling, finish
from tests.support.kinds_of_agents import agent_of
from tests.support.kinds_of_graphs import answering, one_node

URL = "https://example.com/a.png"
IMAGE = {"type": "image_url", "image_url": {"url": URL}}
BYTES = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}


async def events(chain: Chain) -> list[Any]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    async with asyncio.timeout(5):
        return [each async for each in events_of(prepare(chain), request, Run())]


async def text(chain: Chain) -> str:
    found = await events(chain)
    assert not any(isinstance(each, Redact) for each in found)
    return "".join(each.text for each in found if isinstance(each, TextDelta))


def model(*blocks: dict[str, Any], **more: Any) -> Model:
    chunks = [AIMessageChunk(content=[block], **more) for block in blocks]
    return Model(scripts=[[*chunks, finish()]])


SHOWN: dict[str, tuple[dict[str, Any], str]] = {
    "of OpenAI": (IMAGE, f"![image]({URL})"),
    "in a string": ({"type": "image_url", "image_url": URL}, f"![image]({URL})"),
    "of LangChain": ({"type": "image", "url": URL}, f"![image]({URL})"),
    "of Anthropic": ({"type": "image", "source": {"url": URL}}, f"![image]({URL})"),
    "audio": ({"type": "audio", "url": URL}, f"[audio]({URL})"),
    "odd": ({"type": "file", "url": f"{URL}) [x](y"}, f"[file]({URL}%29%20[x]%28y)"),
}


@pytest.mark.parametrize(("block", "expected"), SHOWN.values(), ids=SHOWN)
async def test_an_address_is_shown_as_markdown(
    block: dict[str, Any], expected: str
) -> None:
    assert await text(model(block)) == expected
    assert await text(RunnableLambda(lambda given: AIMessage([block]))) == expected


async def test_it_stands_in_the_text_where_it_is_and_once_in_a_graph() -> None:
    said: list[dict[str, Any]] = [{"type": "text", "text": "See "}, IMAGE]
    said.append({"type": "text", "text": "."})
    expected = f"See ![image]({URL})."
    assert await text(model(*said)) == expected
    assert await text(one_node(dict, answering(model(*said)))) == expected


UNKNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "bytes": (BYTES, "image"),
    "a data URL": (
        {**IMAGE, "image_url": {"url": "data:image/png;base64,iV"}},
        "image",
    ),
    "a script": ({"type": "image", "url": "javascript:alert(1)"}, "image"),
    "made by a tool": ({"type": "image_generation_call", "result": "iV"}, "image"),
    "audio": ({"type": "audio", "base64": "AAAA"}, "audio"),
    "a file": ({"type": "file", "file_id": "f"}, "file"),
}


@pytest.mark.parametrize(("block", "kind"), UNKNOWN.values(), ids=UNKNOWN)
async def test_what_cannot_be_shown_is_no_empty_success(
    block: dict[str, Any], kind: str
) -> None:
    whole: Chain = RunnableLambda(lambda given: AIMessage([block]))
    for chain in (model(block), whole):
        with pytest.raises(NotYet) as raised:
            await events(chain)
        assert raised.value.message == UNSHOWN.format(kind=kind)


async def test_spoken_answers_are_no_empty_success() -> None:
    spoken = AIMessageChunk(content="", additional_kwargs={"audio": {"data": "AAAA"}})
    with pytest.raises(NotYet):
        await events(Model(scripts=[[spoken, finish()]]))


async def test_beside_a_text_or_a_call_it_is_left_out() -> None:
    assert await text(model({"type": "text", "text": "So."}, BYTES)) == "So."
    both = [AIMessageChunk(content=[BYTES]), calling("look", "{}"), finish()]
    [call] = await events(Model(scripts=[both]))
    assert isinstance(call, ToolCall)


def drawing(*blocks: dict[str, Any]) -> Chain:
    """An agent that ends with what a tool has drawn."""

    @tool
    def draw() -> list[dict[str, Any]]:
        """Draw."""
        return [*blocks]

    call = [calling("draw", "{}"), finish("tool_calls")]
    return agent_of(Model(scripts=[call]), draw, direct=True)


async def test_what_a_tool_has_drawn_is_shown_by_its_address() -> None:
    _, result, answer = await events(drawing(IMAGE))
    assert (result.content, answer.text) == (f"![image]({URL})", f"![image]({URL})")


async def test_what_a_tool_has_drawn_without_one_is_no_empty_success() -> None:
    with pytest.raises(NotYet):
        await events(drawing(BYTES))
