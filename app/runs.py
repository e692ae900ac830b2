"""Runs by their ids: their state, their events again, and an end to them."""

import asyncio
import re
from contextlib import aclosing, suppress

from starlette.requests import Request
from starlette.responses import Response

from app import App
from runs import Run, reading
from runs.following import Following
from runs.last_events import LOST
from runs.pace import Pace
from runs.reading import RUNNING, LoggedRun
from server.followed_body import FollowedBody
from server.response import StreamResponse, json_response
from store import StoreError
from streaming import dialects
from streaming.errors import NotFound, StoreUnavailable, invalid
from streaming.events import Event
from streaming.requests import ChatRequest

_NUMBER = re.compile(r"[0-9]{1,15}")
_SPEED = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")
_ID = re.compile(r"[0-9a-f-]{36}")


async def run_state(app: App, request: Request, run: Run) -> Response:
    """What the run is, and how it has ended."""
    found = await _found(app, request, run)
    return json_response(found.state())


async def follow_run(app: App, request: Request, run: Run) -> Response:
    """Stream what comes after the event of the number that the caller names."""
    after, speed = position(request), _speed(request)
    name = request.query_params.get("dialect", "json")
    dialects.load(name)
    found = await _found(app, request, run)
    done = found.done
    if done is not None and (after == len(found.lines) or _is_past(found, after)):
        return Response(status_code=204)
    pace = Pace(speed, after) if speed is not None else None
    return follow(app, found, run, dialect=name, after=after, pace=pace)


def _is_past(found: LoggedRun, after: int) -> bool:
    # The reader of a run that was lost may have seen what the log has not.
    return after > len(found.lines) and found.status != LOST


def follow(
    app: App,
    found: LoggedRun,
    run: Run,
    *,
    dialect: str,
    after: int = 0,
    pace: Pace | None = None,
    asked: ChatRequest | None = None,
) -> Response:
    """Stream a run as the answer to *asked*, if not to the request that began it."""
    wire = dialects.load(dialect)
    following = Following(app.logs, found, pace)
    body = FollowedBody(following, asked or found.header.request(), wire, after)
    return StreamResponse(body, run, wire, limits=app.limits, capacity=app.capacity)


async def follow_chat(app: App, request: Request, run: Run) -> Response:
    """Stream the answer that is being made in a page's chat, if there is one."""
    chat = str(request.path_params["chat"])
    try:
        run_id = await app.logs.run_of_chat(run.owner, chat)
        found = run_id and await reading.read(app.logs, run_id, run.owner)
    except NotFound:
        found = None
    except StoreError:
        raise StoreUnavailable() from None
    if not found or found.status != RUNNING:
        return Response(status_code=204)
    return follow(app, found, run, dialect="ui-message")


async def cancel_run(app: App, request: Request, run: Run) -> Response:
    """Stop the run, wherever it is made; one that is over stays as it is."""
    run_id = str(request.path_params["run_id"]).lower()
    if (stopping := app.logs.stop(run_id, run.owner)) is not None:
        return json_response(reading.state_of(stopping), 202)
    found = await _found(app, request, run)
    stopped = await stop_run(app, found)
    return json_response(found.state(), 202 if stopped else 200)


async def stop_run(app: App, found: LoggedRun) -> bool:
    """Whether the run goes on, and is being stopped."""
    header = found.header
    if found.status != RUNNING:
        return False
    if not app.logs.cancel(header.run_id):
        try:
            await app.logs.instance.ask(header.instance, "cancel", header.run_id)
        except StoreError:
            raise StoreUnavailable() from None
    return True


async def until_end(app: App, found: LoggedRun, *, seconds: float) -> list[Event]:
    """The run's events up to its end, or as many as come in *seconds*."""
    events: list[Event] = []
    with suppress(TimeoutError):
        async with (
            asyncio.timeout(seconds),
            aclosing(Following(app.logs, found).events()) as following,
        ):
            async for event in following:
                events.append(event)
    return events


async def _found(app: App, request: Request, run: Run) -> LoggedRun:
    return await find_run(app, str(request.path_params["run_id"]), run.owner)


async def find_run(app: App, run_id: str, owner: str) -> LoggedRun:
    """Raises `NotFound` for somebody else's, too."""
    run_id = run_id.lower()
    if not _ID.fullmatch(run_id):
        raise NotFound(f"There is no run {run_id[:100]!r}.")
    return await reading.read(app.logs, run_id, owner)


def position(request: Request) -> int:
    """The number of the last event that the caller has seen; 0 for none."""
    for name, given in (
        ("Last-Event-ID", request.headers.get("last-event-id")),
        ("after", request.query_params.get("after")),
    ):
        if given:
            if not _NUMBER.fullmatch(given):
                raise invalid(name, "expected a whole number")
            return int(given)
    return 0


def _speed(request: Request) -> float | None:
    """How many times as fast as it was; `None` for as fast as can be."""
    given = request.query_params.get("speed")
    if not given:
        return None
    if not _SPEED.fullmatch(given) or not 0.1 <= float(given) <= 1000:
        raise invalid("speed", "expected a number from 0.1 to 1000")
    return float(given)
