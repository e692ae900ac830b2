"""How late the event loop is, seen from another thread."""

import asyncio
import threading

import pytest

from telemetry import lag
from telemetry.lag import LoopLag
from tests.support.app_process import until

pytestmark = pytest.mark.anyio


async def test_what_blocks_the_loop_is_seen_while_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lag, "INTERVAL_SECONDS", 0.001)
    measured, seen = LoopLag(), threading.Event()
    measured.watch()
    measured.watch()  # Each run asks for it.

    def look() -> None:
        until(lambda: (measured.take() or 0) > 0.2)
        seen.set()

    looking = threading.Thread(target=look)
    looking.start()
    assert seen.wait(10)  # On the loop, which stands still meanwhile.
    looking.join(5)


def test_without_a_loop_nothing_is_measured() -> None:
    measured = LoopLag()
    measured.watch()
    assert measured.take() is None


def test_of_a_loop_that_is_over_nothing_is_told() -> None:
    measured = LoopLag()

    async def watched() -> None:
        measured.watch()

    asyncio.run(watched())
    assert measured.take() is None
