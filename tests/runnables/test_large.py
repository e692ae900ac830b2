"""A large conversation is converted without holding up whatever else waits."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import RunnableConfig

from chains import chat
from runnables import ChainInput
from runnables.generator import from_generator
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.events import TextDelta
from streaming.requests import ChatRequest, validate
from tests.azure_openai.streamed import configured
from tests.standin.process import StandIn


def asked(messages: int, parts: int) -> ChatRequest:
    content = [{"type": "text", "text": "words"}] * parts
    before = [{"role": "user", "content": content}] * messages
    question = {"role": "user", "content": "standin:answer tokens=1"}
    return validate({"messages": [*before, question]})


@contextmanager
def threads_that_run(module: str, function: str) -> Iterator[list[str]]:
    """The name of the thread for each call of *function*."""
    seen: list[str] = []

    def see(frame: FrameType, event: str, arg: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_name == function and module in code.co_filename:
            seen.append(threading.current_thread().name)

    threading.setprofile_all_threads(see)
    try:
        yield seen
    finally:
        threading.setprofile_all_threads(None)


async def at_once(
    inputs: ChainInput, config: RunnableConfig
) -> AsyncGenerator[AIMessageChunk]:
    yield AIMessageChunk(content=f"{len(inputs['messages'])} messages")


@pytest.mark.parametrize(("messages", "parts"), [(5, 1000), (250, 4), (2000, 1)])
async def test_a_large_conversation_is_converted_in_a_thread_and_a_small_one_here(
    messages: int, parts: int
) -> None:
    prepared = prepare(from_generator(at_once))
    for request, here in ((asked(1, 1), True), (asked(messages, parts), False)):
        with threads_that_run("runnables/conversation.py", "_message") as seen:
            async with asyncio.timeout(20):
                async for _ in events_of(prepared, request, Run(), bounded=True):
                    pass
        assert len(seen) == len(request.messages)
        assert {name == threading.main_thread().name for name in seen} == {here}


async def test_nor_does_the_model_convert_it_on_the_event_loop(
    standin: StandIn,
) -> None:
    """LangChain's function runs for each message, in whatever thread."""
    prepared = prepare(chat.build(configured(standin.url, standin.key, azure=True)))
    with threads_that_run("langchain_openai", "_convert_message_to_dict") as seen:
        async with asyncio.timeout(20):
            events = events_of(prepared, asked(250, 4), Run(), bounded=True)
            assert [each async for each in events if isinstance(each, TextDelta)]
    assert len(seen) >= 251
    assert threading.main_thread().name not in seen
