"""What is written goes out once a turn, and nothing follows the end."""

import asyncio
from dataclasses import dataclass, field
from time import monotonic

import pytest
from starlette.types import Message

from server.pipe import HIGH_WATER, Pipe
from server.turns import Turns
from server.writer import Writer


@dataclass
class Reader:
    """A server whose reader takes each write once it is *free* to."""

    free: asyncio.Event = field(default_factory=asyncio.Event)
    bodies: list[bytes] = field(default_factory=list)
    ended: bool = False

    async def send(self, message: Message) -> None:
        self.bodies.append(message["body"])
        self.ended = not message["more_body"]
        await self.free.wait()


def opened() -> tuple[Pipe, Reader]:
    pipe, reader = Pipe(monotonic() + 60), Reader()
    pipe.commit()
    reader.free.set()
    return pipe, reader


async def test_what_is_written_in_one_turn_is_one_write() -> None:
    pipe, reader = opened()
    writing = asyncio.create_task(Writer(pipe, reader.send).run(60, bytes))
    await asyncio.sleep(0)
    for piece in (b"a", b"b", b"c"):
        await pipe.write(piece)
    await asyncio.sleep(0)
    await pipe.write(b"d")
    pipe.finish()
    await writing
    assert reader.bodies == [b"abc", b"d"]
    assert reader.ended


async def test_no_keep_alive_follows_an_ending_that_waits_for_its_turn() -> None:
    pipe, reader = opened()
    await pipe.write(b"first")
    writing = asyncio.create_task(Writer(pipe, reader.send).run(0, lambda: b"alive"))
    await pipe.write(b"last")
    pipe.finish()
    await writing
    assert b"".join(reader.bodies) == b"firstlast"


async def test_a_slow_reader_gets_the_next_write_after_the_last() -> None:
    pipe, reader = opened()
    reader.free.clear()
    writing = asyncio.create_task(Writer(pipe, reader.send).run(60, bytes))
    for piece in (b"a", b"b", b"c"):
        await pipe.write(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert reader.bodies == [b"a"]
    pipe.finish()
    reader.free.set()
    await writing
    assert reader.bodies == [b"a", b"bc"]
    assert reader.ended


async def test_a_writer_waits_for_a_reader_that_is_far_behind() -> None:
    pipe, reader = opened()
    reader.free.clear()
    writing = asyncio.create_task(Writer(pipe, reader.send).run(60, bytes))
    await pipe.write(b"x")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    behind = asyncio.create_task(pipe.write(b"y" * HIGH_WATER))
    done, _ = await asyncio.wait({behind}, timeout=0.05)
    assert not done
    reader.free.set()
    await behind
    pipe.finish()
    await writing


async def test_what_sending_raises_ends_the_response() -> None:
    async def send(message: Message) -> None:
        raise OSError("gone")

    pipe, _ = opened()
    await pipe.write(b"a")
    with pytest.raises(OSError, match="gone"):
        await Writer(pipe, send).run(60, bytes)


async def test_a_broken_answer_gets_no_end() -> None:
    pipe, reader = opened()
    await pipe.write(b"half")
    pipe.broken = True
    pipe.finish()
    await Writer(pipe, reader.send).run(60, bytes)
    assert reader.bodies == [b"half"]
    assert not reader.ended


async def test_a_write_that_is_held_up_ends_with_the_response() -> None:
    pipe, reader = opened()
    reader.free.clear()
    await pipe.write(b"a")
    others = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await Writer(pipe, reader.send).run(60, bytes)
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == others


async def test_each_answer_of_a_burst_begins_in_a_turn_of_its_own() -> None:
    turns, begun, turn = Turns(), list[int](), 0

    async def begin() -> None:
        await turns.wait()
        begun.append(turn)

    answers = [asyncio.create_task(begin()) for _ in range(4)]
    answers[2].cancel()  # Its caller left before it was its turn.
    while not all(each.done() for each in answers):
        await asyncio.sleep(0)
        turn += 1
    assert len(begun) == len(set(begun)) == 3
    await asyncio.wait_for(turns.wait(), 5)
