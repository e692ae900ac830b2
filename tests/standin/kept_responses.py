"""Responses that were made before: read, followed, stopped and deleted by their ids."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import web

from tests.standin import replies
from tests.standin.delivery import Sent, silence
from tests.standin.responses import Response, items_of
from tests.standin.steps import Pause, Reply
from tests.standin.wire import Json


@dataclass(eq=False)
class Made:
    """A response, its events so far, and, in the background, the task that makes it."""

    response: Response
    input: list[Json]
    background: bool
    events: list[bytes] = field(default_factory=list)
    over: bool = False
    _task: asyncio.Task[None] | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def recorded(self, sent: Iterator[Sent]) -> Iterator[Sent]:
        """*sent*, whose events are kept."""
        for item in sent:
            if isinstance(item, bytes):
                self._add(item)
            yield item
        self._end()

    def _add(self, item: bytes) -> None:
        self.events += [event + b"\n\n" for event in item.split(b"\n\n") if event]
        self._tell()

    def _end(self) -> None:
        self.over = True
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def begin(self, sent: Iterator[Sent]) -> None:
        """Make it in the background."""
        self._task = asyncio.create_task(self._make(sent))

    async def _make(self, sent: Iterator[Sent]) -> None:
        for item in self.recorded(sent):
            if isinstance(item, Pause):
                await silence(item.seconds)

    def cancel(self) -> Reply:
        if not self.background:
            return replies.invalid("Cannot cancel a synchronous response.")
        if not self.over and self._task is not None:
            self._task.cancel()
            self.response.status = "cancelled"
            self._end()
        return Reply(200, self.response.response())

    async def follow(self, response: web.StreamResponse, after: int) -> None:
        """Write the events after the number *after*, until there are no more."""
        at = after + 1
        while at < len(self.events) or not self.over:
            if at < len(self.events):
                await response.write(self.events[at])
                at += 1
            else:
                await self._changed.wait()


class KeptResponses:
    def __init__(self) -> None:
        self._made: dict[str, Made] = {}

    def add(self, response: Response, body: Json) -> Made:
        made = Made(response, items_of(body), bool(body.get("background")))
        if body.get("store") is not False:
            self._made[response.id] = made
        return made

    def knows(self, previous: object) -> bool:
        return previous is None or previous in self._made

    def answer(self, request: web.Request) -> Reply | Made:
        """What is answered about a response; the response itself to be followed."""
        response_id = request.match_info["id"]
        made = self._made.get(response_id)
        if made is None:
            return replies.response_not_found(response_id)
        if request.path.endswith("/cancel"):
            return made.cancel()
        if request.path.endswith("/input_items"):
            return Reply(200, _listed(made.input))
        if request.method == "DELETE":
            del self._made[response_id]
            deleted = {"id": response_id, "object": "response", "deleted": True}
            return Reply(200, deleted)
        if request.query.get("stream") == "true":
            return made
        return Reply(200, made.response.response())


def _listed(items: list[Json]) -> Json:
    data = [{"id": f"item_{at}", **item} for at, item in enumerate(items)][::-1]
    ids = [item["id"] for item in data] or [None]
    ends = {"first_id": ids[0], "last_id": ids[-1]}
    return {"object": "list", "data": data, "has_more": False, **ends}
