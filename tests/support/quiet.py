"""Waiting for something to stop happening."""

import asyncio


async def quiet(happened: asyncio.Event, seconds: float) -> None:
    """Wait until *happened*, which each time sets, has not been set for *seconds*."""
    while True:
        happened.clear()
        try:
            await asyncio.wait_for(happened.wait(), seconds)
        except TimeoutError:
            return
