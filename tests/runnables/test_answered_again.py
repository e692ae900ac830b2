"""What a graph waits for, whose answer has led to no end: it is answered again."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import interrupt

from runnables import Chain, visits
from tests.support.asking_graphs import Asked, calls, graph_of
from tests.support.kept_graphs import Conversation, asked, error, text


def careful(state: Asked) -> dict[str, Any]:
    answer = interrupt("sure?")
    if answer == "wrong":
        raise ValueError
    return {"answer": f"You said {answer}."}


AGAIN: dict[str, Callable[[], Chain]] = {
    "alone": lambda: graph_of({"one": careful}),
    "with its own saver": lambda: graph_of(
        {"one": careful}, checkpointer=InMemorySaver()
    ),
    "a subgraph": lambda: graph_of({"inner": graph_of({"one": careful})}),
    "called by a node": lambda: graph_of({"one": calls(graph_of({"one": careful}))}),
}


@pytest.mark.parametrize("place", AGAIN)
async def test_what_failed_of_its_answer_is_answered_again(place: str) -> None:
    kept = Conversation(AGAIN[place]())
    await kept.say("Why?")
    assert error(await kept.resume("wrong")).startswith("internal_error")
    _, pending = await visits.kept(kept.prepared.chain, kept.key, kept.saver)
    assert asked([*pending]) == ["sure?"]
    assert text(await kept.resume("right")) == "You said right."


async def test_what_was_stopped_after_its_answer_is_answered_again() -> None:
    working, never = asyncio.Event(), asyncio.Event()

    async def work(state: Asked) -> Any:
        first, second = interrupt("one"), interrupt("two")
        if second == "do it":
            working.set()
            await never.wait()
        return {"answer": f"{first} and {second}"}

    kept = Conversation(graph_of({"one": work}))
    await kept.say("Why?")
    assert asked(await kept.resume("A")) == ["two"]
    approved = asyncio.create_task(kept.resume("do it"))
    await working.wait()
    approved.cancel()
    await asyncio.wait({approved})
    assert text(await kept.resume("leave it")) == "A and leave it"


async def test_a_saver_that_cannot_be_copied_is_used_as_it_is() -> None:
    class Single(InMemorySaver):
        def __reduce__(self) -> Any:
            raise TypeError

    kept = Conversation(graph_of({"one": careful}, checkpointer=Single()))
    assert asked(await kept.say("Why?")) == ["sure?"]
    assert text(await kept.resume("right")) == "You said right."
