"""The threads of the LangGraph SDK: the caller's own."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.langgraph import body_of, kept, number, values
from app.langgraph.kept import Fields, Kept, messages_of
from runs import Run
from runs.thread_notes import Note
from server.response import json_response
from streaming import sse, thread_id
from streaming.dialects._langgraph.request import checkpoint_of, one_of
from streaming.errors import NotFound, NotYet, ThreadExists, invalid

MOST = 100
"""Threads in one answer."""

MOST_MESSAGES = 2_000
"""Messages in one answer, unless the first of its threads or states has more."""

MOST_METADATA = 16 * 1024
"""Bytes that a client may note of a thread, as JSON."""

_SORTS = ("created_at", "state_updated_at", "status", "thread_id", "updated_at")


async def create(app: App, request: Request, run: Run) -> Response:
    body = await body_of(app, request)
    if body.get("supersteps"):
        raise NotYet("supersteps: a thread begins empty here; run something on it.")
    id = body.get("thread_id") or str(uuid4())
    if not thread_id.is_thread_id(id):
        raise invalid("thread_id", thread_id.EXPECTED)
    given = one_of(body, "if_exists", ("raise", "do_nothing"))
    try:
        await app.threads.create(run.owner, id, Note(metadata=_metadata(body)))
    except ThreadExists:
        if given != "do_nothing":
            raise
    return await _shown(await kept.read(app, run.owner, id))


def _metadata(body: Mapping[str, object]) -> dict[str, JsonValue]:
    given = body.get("metadata") or {}
    if isinstance(given, dict) and len(sse.dumps(given)) <= MOST_METADATA:
        return given
    raise invalid("metadata", f"expected an object of at most {MOST_METADATA} bytes")


async def get(app: App, request: Request, run: Run) -> Response:
    return await _shown(await _read(app, request, run))


async def update(app: App, request: Request, run: Run) -> Response:
    """Add to the thread's metadata."""
    found, body = await _read(app, request, run), await body_of(app, request)
    note = found.note.with_metadata(_metadata(body))
    await app.threads.notes.put(run.owner, found.id, note)
    return await _shown(await _read(app, request, run))


async def delete(app: App, request: Request, run: Run) -> Response:
    id = str(request.path_params["thread"])
    await app.threads.delete(run.owner, id, app.chains.forget)
    return Response(status_code=204)


async def search(app: App, request: Request, run: Run) -> Response:
    """The newest first."""
    body = await body_of(app, request)
    for name in ("values", "extract"):
        if body.get(name):
            raise NotYet(f"{name}: threads are searched by their metadata here.")
    first, most = number(body, "offset", 0), min(number(body, "limit", 10), MOST)
    status = one_of(body, "status", ("idle", "busy", "interrupted", "error"))
    shown: list[Fields] = []
    room = MOST_MESSAGES
    for id in (await _fitting(app, run, body))[first:]:
        if len(shown) == most:
            break
        try:
            there = await kept.read(app, run.owner, id)
        except NotFound:  # Deleted just now.
            continue
        thread = there.thread()
        if status in (None, thread["status"]):
            room -= len(there.messages)
            fits = room >= 0 or not shown
            shown.append(thread if fits else {**thread, "values": None})
    return await asyncio.to_thread(json_response, shown)


async def _fitting(app: App, run: Run, body: Mapping[str, object]) -> list[str]:
    """The ids of the caller's threads that *body* asks for, the newest first; of the
    metadata, the assistant is the thread's own."""
    if one_of(body, "sort_by", _SORTS) not in (None, "updated_at"):
        raise NotYet("sort_by: threads are sorted by 'updated_at' here.")
    oldest_first = one_of(body, "sort_order", ("asc", "desc")) == "asc"
    notes = await app.threads.notes.all(run.owner)
    titles = {each.id: each for each in await app.threads.titles(run.owner)}
    asked, given = _metadata(body), body.get("ids")
    if given is not None and not isinstance(given, list):
        raise invalid("ids", "expected a list")
    ids = given or []
    found: list[tuple[str, str]] = []
    for id in notes.keys() | titles.keys():
        chain = titles[id].chain if id in titles else None
        known = {**(notes[id].metadata if id in notes else {})}
        known |= {"graph_id": chain, "assistant_id": chain} if chain else {}
        at = max(each[id].updated_at for each in (notes, titles) if id in each)
        if asked.items() <= known.items() and (not ids or id in ids):
            found.append((at, id))
    return [id for _, id in sorted(found, reverse=not oldest_first)]


async def state(app: App, request: Request, run: Run) -> Response:
    found = await _read(app, request, run)
    body = await body_of(app, request) if request.method == "POST" else {}
    asked = checkpoint_of(body) or request.path_params.get("checkpoint")
    if (checkpoint := asked or found.checkpoint) is None:
        return json_response(found.state(None, None))
    found.at(checkpoint)
    return await asyncio.to_thread(_states, found, [checkpoint], whole=False)


async def history(app: App, request: Request, run: Run) -> Response:
    found, body = await _read(app, request, run), await body_of(app, request)
    if body.get("metadata"):
        raise NotYet("metadata: a history has all states here.")
    ids, given = found.checkpoints, body.get("before")
    before = checkpoint_of({"checkpoint": given, "checkpoint_id": given})
    if before is not None:
        ids = ids[ids.index(before) + 1 :] if before in ids else []
    limit = min(number(body, "limit", 10), MOST)
    return await asyncio.to_thread(_states, found, ids[:limit], whole=True)


def _states(found: Kept, checkpoints: list[str], *, whole: bool) -> Response:
    """A list, as far as it has room, or the one state."""
    shown: list[Fields] = []
    room = MOST_MESSAGES
    for each in found.states(checkpoints):
        room -= len(messages_of(each["values"]))
        if shown and room < 0:
            break
        shown.append(each)
    return json_response(shown if whole else shown[0])


async def _read(app: App, request: Request, run: Run) -> Kept:
    found = await kept.read(app, run.owner, str(request.path_params["thread"]))
    return await values.now(app, run, found) if found.running else found


async def _shown(found: Kept) -> Response:
    return await asyncio.to_thread(json_response, found.thread())
