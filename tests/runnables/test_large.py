"""A large conversation is converted without holding up whatever else waits."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from types import FrameType

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig

from chains import chat
from runnables import ChainInput
from runnables.generator import from_generator
from runnables.prepared import Prepared, prepare
from runnables.run import events_of
from runs import Run
from streaming.events import TextDelta
from streaming.requests import ChatRequest, validate
from tests.azure_openai.streamed import configured
from tests.standin.process import StandIn

TURNS = 20
"""More turns of the event loop than converting in a step of its own would leave."""


def asked(messages: int, parts: int) -> ChatRequest:
    content = [{"type": "text", "text": "words"}] * parts
    before = [{"role": "user", "content": content}] * messages
    question = {"role": "user", "content": "standin:answer tokens=1"}
    return validate({"messages": [*before, question]})


async def turns_meanwhile(prepared: Prepared, request: ChatRequest) -> int:
    """How often others get their turn until the chain has the conversation."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with asyncio.timeout(20):
        counting = asyncio.create_task(count())
        events = events_of(prepared, request, Run(), bounded=True)
        await anext(events)
        counting.cancel()
        await events.aclose()
    return turns


async def at_once(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[AIMessageChunk]:
    yield AIMessageChunk(content=f"{len(inputs['messages'])} messages")


@pytest.mark.parametrize(("messages", "parts"), [(5, 1000), (250, 4), (2000, 1)])
async def test_others_get_their_turns_while_a_large_conversation_is_converted(
    messages: int, parts: int
) -> None:
    prepared = prepare(from_generator(at_once))
    small = await turns_meanwhile(prepared, asked(1, 1))
    assert await turns_meanwhile(prepared, asked(messages, parts)) > small + TURNS


async def test_nor_does_the_model_convert_it_on_the_event_loop(
    standin: StandIn,
) -> None:
    """LangChain's function runs for each message, in whatever thread."""
    prepared = prepare(chat.build(configured(standin.url, standin.key, azure=True)))
    seen: list[str] = []

    def see(frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and frame.f_code.co_name == "_convert_message_to_dict":
            seen.append(threading.current_thread().name)

    threading.setprofile_all_threads(see)
    try:
        async with asyncio.timeout(20):
            events = events_of(prepared, asked(250, 4), Run(), bounded=True)
            assert [each async for each in events if isinstance(each, TextDelta)]
    finally:
        threading.setprofile_all_threads(None)
    assert len(seen) >= 251
    assert threading.main_thread().name not in seen
