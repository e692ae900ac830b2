"""The caller's own threads: a list, one of them, and its end."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from app import App
from runs import Run
from runs.thread_document import ThreadDocument
from server.response import json_response


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
    # A long conversation would hold up the streams of others.
    return await asyncio.to_thread(_shown, id, found)


def _shown(id: str, found: ThreadDocument) -> Response:
    messages = [each.model_dump(exclude_none=True) for each in found.messages]
    return json_response(
        {
            "id": id,
            "chain": found.chain,
            "messages": messages,
            "state": None,
            "pending": found.pending,
            "updated_at": found.updated_at,
        }
    )


async def delete_thread(app: App, request: Request, run: Run) -> Response:
    """Delete all that is kept of it, and end the run that is on it."""
    id = str(request.path_params["thread"])
    await app.threads.delete(run.owner, id)
    return json_response({"id": id, "deleted": True})
