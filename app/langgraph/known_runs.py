"""Runs by their ids, as the LangGraph SDK has them: followed, waited for, stopped."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.langgraph import kept, number
from app.langgraph.answer import Answer
from app.langgraph.kept import Fields, Kept
from app.langgraph.told_run import ToldRun
from app.langgraph.values import of_thread, with_input
from app.runs import find_run, position, stop_run, until_end
from runs import Run
from runs.following import Following
from runs.reading import LoggedRun
from runs.thread_notes import Note
from server.followed_body import FollowedBody
from server.response import StreamResponse, json_response
from streaming.dialects._langgraph import request as asking
from streaming.errors import NotFound, NotYet

CANCEL_SECONDS = 10.0
"""What a caller waits at most for the end of a run that is being stopped."""

MOST = 20
"""Runs in one answer, each of which is read from its log."""

_STATUSES = {
    "running": "running",
    **dict.fromkeys(("ok", "content_filter", "budget"), "success"),
    **dict.fromkeys(("interrupt", "cancelled"), "interrupted"),
    "deadline": "timeout",
}


def shown_run(found: LoggedRun) -> Fields:
    state = found.state()
    return {
        "run_id": state["run_id"],
        "thread_id": found.header.thread_id,
        "assistant_id": state["chain"],
        "created_at": state["created_at"],
        "updated_at": state["created_at"],
        "status": _STATUSES.get(found.status, "error"),
        "metadata": {},
        "kwargs": {},
        "multitask_strategy": "reject",
    }


async def get(app: App, request: Request, run: Run) -> Response:
    return json_response(shown_run(await _found(app, request, run)))


async def list_runs(app: App, request: Request, run: Run) -> Response:
    """The thread's runs whose logs are kept, the newest first."""
    query = request.query_params
    first, most = number(query, "offset", 0), min(number(query, "limit", 10), MOST)
    status = asking.one_of(query, "status", ("pending", *_STATUSES.values(), "error"))
    thread = await kept.read(app, run.owner, str(request.path_params["thread"]))
    ended = thread.document.runs if thread.document else {}
    ids = dict.fromkeys([*filter(None, [thread.running]), *reversed(ended)])
    shown: list[Fields] = []
    for id in ids:
        if len(shown) == first + most:
            break
        with suppress(NotFound):
            known = shown_run(await find_run(app, id, run.owner))
            shown += [known] if status in (None, known["status"]) else []
    return json_response(shown[first:])


async def join(app: App, request: Request, run: Run) -> Response:
    """The values after the run, once it is over."""
    return await _follow(app, request, run, streamed=False)


async def follow(app: App, request: Request, run: Run) -> Response:
    return await _follow(app, request, run, streamed=True)


async def _follow(app: App, request: Request, run: Run, *, streamed: bool) -> Response:
    query = request.query_params
    if query.get("cancel_on_disconnect", "0").lower() not in ("0", "false"):
        raise NotYet("cancel_on_disconnect: whoever follows a run may leave it.")
    # Before the first event, to the JavaScript SDK.
    again = request.headers.get("last-event-id") == "-1"
    after = 0 if again or not streamed else position(request)
    found = await _found(app, request, run)
    header = found.header
    named = [*filter(None, query.getlist("stream_mode"))]
    begun_with = [*filter(None, header.echo.get("modes", "").split(","))]
    names = asking.modes(named or begun_with or [*asking.DEFAULT])
    told = ToldRun(
        header.run_id,
        header.chain,
        header.thread_id,
        names,
        streamed,
        subgraphs="subgraphs" in header.echo,
    )
    there = await _thread_of(app, found)
    begun, begins = there.checkpoint != header.run_id, header.request()
    if begun and (cut := header.echo.get("from")):
        there = there.at(cut)
    before = with_input(there.values, begins) if begun else None
    answer = Answer(told, before=before, final=of_thread(app, run, told))
    body = FollowedBody(Following(app.logs, found), begins, answer, after)
    return StreamResponse(body, run, answer, limits=app.limits, capacity=app.capacity)


async def _thread_of(app: App, found: LoggedRun) -> Kept:
    """A run that has failed may have left nothing on its thread."""
    id = str(found.header.thread_id)
    try:
        return await kept.read(app, found.header.owner, id)
    except NotFound:
        return Kept(id, Note())


async def cancel(app: App, request: Request, run: Run) -> Response:
    query = request.query_params
    if asking.one_of(query, "action", ("interrupt", "rollback")) == "rollback":
        raise NotYet("action: what a run has said stays here, expected 'interrupt'.")
    run_id, thread = (str(request.path_params[each]) for each in ("run_id", "thread"))
    own = app.logs.find(run_id)
    if own is not None and own.header.thread_id == thread:
        app.logs.stop(run_id, run.owner)  # Even if the store is down.
    found = await _found(app, request, run)
    if not await stop_run(app, found):
        return json_response({})
    if query.get("wait", "0").lower() in ("0", "false"):
        return json_response({}, 202)
    await until_end(app, found, seconds=CANCEL_SECONDS)
    return json_response({})


async def _found(app: App, request: Request, run: Run) -> LoggedRun:
    """Raises `NotFound` for a run of another thread, too."""
    run_id = str(request.path_params["run_id"])
    found = await find_run(app, run_id, run.owner)
    if found.header.thread_id != request.path_params["thread"]:
        raise NotFound(f"The thread has no run {run_id[:100]!r}.")
    return found
