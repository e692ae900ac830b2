"""The caller's own threads: a list, one of them, and its end."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from app import App
from runs import Run
from runs.thread_document import ThreadDocument
from runs.thread_places import key_of
from server.response import json_response
from streaming.events import Interrupt


async def list_threads(app: App, request: Request, run: Run) -> Response:
    before = request.query_params.get("before", "")
    found = await app.threads.list(run.owner, before)
    shown = [
        {
            "id": each.id,
            "title": each.title,
            "chain": each.chain,
            "updated_at": each.updated_at,
        }
        for each in found
    ]
    return json_response({"threads": shown})


async def thread(app: App, request: Request, run: Run) -> Response:
    id = str(request.path_params["thread"])
    found = await app.threads.get(run.owner, id)
    kept = await state_of(app, found.chain, key_of(run.owner, id))
    state, pending = kept or (None, ())
    # A long conversation would hold up the streams of others.
    return await asyncio.to_thread(_shown, id, found, state, pending)


async def state_of(
    app: App, chain: str, key: str, *, whole: bool = False
) -> tuple[JsonValue, Sequence[Interrupt]] | None:
    """What the graph *chain* keeps on the thread *key*; `None` if it is no graph."""
    if chain not in app.chains.names or not await app.chains.keeps_state(chain):
        return None
    return await app.chains.kept(chain, key, whole=whole)


def _shown(
    id: str, found: ThreadDocument, state: JsonValue, pending: Sequence[Interrupt]
) -> Response:
    messages = [
        each.model_dump(exclude_none=True, exclude={"id"}) for each in found.messages
    ]
    return json_response(
        {
            "id": id,
            "chain": found.chain,
            "messages": messages,
            "state": state,
            "pending": [asdict(each) for each in pending],
            "updated_at": found.updated_at,
        }
    )


async def delete_thread(app: App, request: Request, run: Run) -> Response:
    """Delete all that is kept of it, and end the run that is on it."""
    id = str(request.path_params["thread"])
    await app.threads.delete(run.owner, id, app.chains.forget)
    return json_response({"id": id, "deleted": True})
