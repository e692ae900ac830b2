"""What a caller who heeds all events of a chain's answer sees in the end."""

import asyncio

from runnables import Chain
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.events import Event, Redact, TextDelta
from streaming.requests import validate


async def events(chain: Chain, run: Run | None = None) -> list[Event]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    made = events_of(prepare(chain), request, run or Run())
    async with asyncio.timeout(5):
        return [each async for each in made]


async def shown(chain: Chain) -> str:
    return left(await events(chain))


def left(found: list[Event]) -> str:
    """The text in *found* without what is withdrawn."""
    text = "".join(each.text for each in found if isinstance(each, TextDelta))
    for each in found:
        if isinstance(each, Redact):
            start, end = each.start_offset, each.end_offset
            text = text[:start] + "_" * (end - start) + text[end:]
    return text.replace("_", "")
