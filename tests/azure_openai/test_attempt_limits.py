"""How long one backend is waited for; on scripted backends, without a network."""

import asyncio
import math
from time import monotonic

import pytest

from azure_openai.backends import BackendPool
from azure_openai.failover import AttemptLimits, Told, first_answer
from azure_openai.failure import SILENT, BackendFailure
from settings.backends import Backend

ONE, TWO = (
    Backend(endpoint=f"https://{name}.example", deployment=name, priority=priority)
    for priority, name in enumerate(("one", "two"), 1)
)


class Scripted:
    """Those that are *mute* never answer."""

    def __init__(self, *mute: Backend) -> None:
        self.mute, self.asked = mute, list[Backend]()
        self.last = asyncio.Event()

    async def ask(self, backend: Backend) -> Backend:
        self.asked.append(backend)
        if backend == TWO:
            self.last.set()
        if backend in self.mute:
            await asyncio.Event().wait()
        return backend

    async def examine(self, answer: Backend) -> BackendFailure | None:
        return None

    def is_patient(self, answer: Backend) -> bool:
        return False

    def explain(self, error: Exception) -> BackendFailure | None:
        return None

    def told(self, answer: Backend) -> Told:
        return Told(200, "", None)

    async def close(self, answer: Backend) -> None:
        pass


async def test_the_last_one_is_left_for_another_that_is_ready_by_then() -> None:
    choice, attempts = BackendPool([ONE, TWO]), Scripted(TWO)
    choice.failed(ONE, BackendFailure("", busy=True, wait=0.5))
    limits = AttemptLimits(each=0.1, all=100, streamed=True)
    async with asyncio.timeout(20):
        assert await first_answer(choice, attempts, limits) == ONE
    assert attempts.asked == [TWO, ONE]


async def test_the_last_one_has_all_the_time_where_no_other_is_ready_in_time() -> None:
    choice, attempts = BackendPool([ONE, TWO]), Scripted(TWO)
    choice.failed(ONE, BackendFailure("", busy=True, wait=100))
    limits = AttemptLimits(each=0.01, all=100, streamed=True)
    waiting = asyncio.ensure_future(first_answer(choice, attempts, limits))
    await asyncio.wait([waiting], timeout=0.3)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_all_that_were_silent_are_asked_once() -> None:
    choice, attempts = BackendPool([ONE, TWO]), Scripted(ONE, TWO)
    limits = AttemptLimits(each=0.01, all=100, streamed=True)
    waiting = asyncio.ensure_future(first_answer(choice, attempts, limits))
    await asyncio.wait_for(attempts.last.wait(), 20)
    await asyncio.wait([waiting], timeout=0.3)
    assert (waiting.done(), attempts.asked) == (False, [ONE, TWO])
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_one_that_answers_again_is_as_good_as_any() -> None:
    now = 1000.0
    choice, attempts = BackendPool([ONE, TWO], clock=lambda: now), Scripted()
    choice.failed(ONE, SILENT)
    now += 5
    limits = AttemptLimits(each=1, all=100, streamed=True)
    for _ in range(3):
        assert await first_answer(choice, attempts, limits) == ONE


@pytest.mark.parametrize(
    ("next_in", "streamed", "seconds"),
    [
        (0, True, 20),
        (0, False, 50),
        (7, True, 20),
        (30, True, 30),
        (30, False, 50),
        (60, True, None),
        (60, False, None),
        (math.inf, True, None),
    ],
)
def test_no_attempt_but_the_last_has_more_than_half_of_what_is_left(
    next_in: float, streamed: bool, seconds: float | None
) -> None:
    limits = AttemptLimits(each=20, all=100, streamed=streamed)
    limit = limits.limit(monotonic(), next_in)
    assert limit == (None if seconds is None else pytest.approx(seconds, abs=2))
