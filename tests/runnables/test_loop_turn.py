"""How long all runs together may keep one turn of the event loop."""

import asyncio
from itertools import pairwise

import pytest

from runnables import loop_turn as module
from runnables.loop_turn import SECONDS, LoopTurn


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def test_it_is_over_for_all_until_the_next_one_begins(clock: list[float]) -> None:
    turn = LoopTurn()

    async def run() -> None:
        assert not turn.is_over()
        clock[0] += SECONDS * 0.9
        assert not turn.is_over()
        clock[0] += SECONDS * 0.2
        assert turn.is_over()
        assert turn.is_over()
        await asyncio.sleep(0)
        assert not turn.is_over()

    asyncio.run(run())


def test_what_is_there_for_many_runs_leaves_time_for_others(
    clock: list[float],
) -> None:
    """Ten runs of ten chunks, of which a turn has time for two."""
    turn, shown, seen = LoopTurn(), [0], [0]

    async def run() -> None:
        for _ in range(10):
            clock[0] += SECONDS * 0.6
            shown[0] += 1
            while turn.is_over():  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def other() -> None:
        while shown[0] < 100:
            seen.append(shown[0])
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(other())
            for _ in range(10):
                group.create_task(run())

    asyncio.run(all_of_them())
    # One that has waited may have a chunk, whatever others had in that turn.
    assert max(b - a for a, b in pairwise(seen)) <= 3 + 10


def test_a_loop_that_has_ended_in_the_middle_of_one_holds_up_no_other(
    clock: list[float],
) -> None:
    turn = LoopTurn()

    async def chunk() -> bool:
        return turn.is_over()

    assert not asyncio.run(chunk())
    clock[0] += 2 * SECONDS
    assert not asyncio.run(chunk())
