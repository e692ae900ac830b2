"""Answers with a log, made in this process without a server."""

from collections.abc import AsyncGenerator

from runs import Run
from runs.ending import ending
from runs.following import Following
from runs.logs import Logs
from runs.reading import read
from server.event_body import EventBody
from server.followed_body import FollowedBody
from server.pipe import Pipe
from store import Store
from streaming import dialects
from streaming.events import Event
from streaming.requests import ChatRequest, validate
from tests.support.kept_runs import KeptRuns

Events = AsyncGenerator[Event]


def logs_over(store: Store, *, lease: float = 30) -> Logs:
    return Logs(store, retention=600, lease=lease)


async def answer(logs: Logs, run: Run, events: Events, dialect: str = "json") -> bytes:
    """What a caller reads of *run*, whose chain gives *events*."""
    request = attached(logs, run)
    wire = dialects.load(dialect)
    body = EventBody(ending(events, run), request, wire, run, KeptRuns().emit)
    pipe = Pipe(deadline=run.started)
    pipe.begun.set()
    await body.write(pipe)
    return pipe.take()


def attached(logs: Logs, run: Run) -> ChatRequest:
    """The request of *run*, whose log is begun."""
    asked = {"messages": [{"role": "user", "content": "?"}], "id": run.request_id}
    request = validate({**asked, "run_id": run.id, "chain": run.chain})
    if run.log is None:
        logs.attach(run, request)
    if run.log is not None:
        run.log.begin()
    return request


async def followed(logs: Logs, run_id: str, after: int, dialect: str = "json") -> bytes:
    found = await read(logs, run_id, "")
    wire = dialects.load(dialect)
    following = Following(logs, found)
    body = FollowedBody(following, found.header.request(), wire, after)
    pipe = Pipe(deadline=0)
    await body.write(pipe)
    return pipe.take()
