"""Responses of chains: at once or in the background, and asked for by their ids."""

import re
from collections.abc import AsyncGenerator, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app import App, earlier_responses, posted, response_inputs
from app.chat import named, start
from app.earlier_responses import placed, resource
from app.runs import follow, stop_run, until_end
from runs import Run
from runs.reading import RUNNING, LoggedRun
from server.background import InBackground
from server.request import check_starts_anew, parsed
from server.response import json_response
from streaming.dialects import responses
from streaming.errors import invalid
from streaming.events import Event
from streaming.headers import JSON, SAFE

Fields = dict[str, object]

END_SECONDS = 5.0
"""What stopping a response waits for its end."""

_NUMBER = re.compile(r"[0-9]{1,15}")


async def ask(app: App, request: Request, run: Run) -> Response:
    """Respond with the chain that the body names, or the default one."""
    check_starts_anew(request.headers)
    return await answer(app, await posted.for_chain(app, request), run)


async def answer(app: App, body: bytes, run: Run, chain: str = "") -> Response:
    """Respond with *chain*, else with that which *body* names, or the default one."""
    run.prompt_bytes = len(body)
    asked = await parsed(responses.parse, body, {"deployment": chain})
    asked = await placed(app, asked, run)
    made = start(app, asked, run)
    if asked.response.store:
        run.closers.append(partial(response_inputs.keep, app, asked, run))
    if not asked.response.background or asked.stream:
        return made
    nothing_yet = responses.encode(_nothing(), named(asked, run))
    [queued] = [each async for each in nothing_yet]
    ids = {"x-request-id": run.request_id, "x-run-id": run.id}
    said = Response(queued, headers={**JSON, **SAFE, **ids})
    return InBackground(made, run, said)


async def _nothing() -> AsyncGenerator[Event]:
    return
    yield


async def response(app: App, request: Request, run: Run, found: LoggedRun) -> Response:
    """The response as it is, or its events after the one that the caller names."""
    query = request.query_params
    if query.get("stream") != "true":
        return json_response(await resource(found))
    after = query.get("starting_after") or "-1"
    if after != "-1" and not _NUMBER.fullmatch(after):
        raise invalid("starting_after", "expected a whole number")
    asked = found.header.request()
    seen = asked.response.model_copy(update={"after": int(after)})
    asked = asked.model_copy(update={"response": seen})
    return follow(app, found, run, dialect="responses", asked=asked)


def stop(app: App, request: Request, run: Run) -> None:
    """Stop the response if this process makes it, even if the store is down."""
    response_id = str(request.path_params["response"])
    if (run_id := earlier_responses.run_of(response_id)) is not None:
        app.logs.stop(run_id, run.owner)


async def cancel(app: App, request: Request, run: Run, found: LoggedRun) -> Response:
    """Stop the response, and show what it is then."""
    return json_response(await _ended(app, found))


async def delete(app: App, request: Request, run: Run, found: LoggedRun) -> Response:
    ended = await _ended(app, found)
    await response_inputs.forget(app, run.owner, found.header.run_id)
    deleted = {"id": ended["id"], "object": "response", "deleted": True}
    return json_response(deleted)


async def _ended(app: App, found: LoggedRun) -> Fields:
    """The response, which is stopped if it is still being made."""
    if found.status != RUNNING:
        return await resource(found)
    await stop_run(app, found)
    events = await until_end(app, found, seconds=END_SECONDS)
    return responses.resource(events, found.header.request())


async def input_items(
    app: App, request: Request, run: Run, found: LoggedRun
) -> Response:
    """What the response was asked, the newest first."""
    given = await response_inputs.read(app, run.owner, found.header.run_id)
    items = [_shown(item, found, number) for number, item in enumerate(given.items)]
    query = request.query_params
    if query.get("order") != "asc":
        items.reverse()
    ids = [item["id"] for item in items]
    if (after := query.get("after")) in ids:
        items = items[ids.index(after) + 1 :]
    limit = query.get("limit", "20")
    if not _NUMBER.fullmatch(limit) or not 1 <= int(limit) <= 100:
        raise invalid("limit", "expected a number from 1 to 100")
    page = items[: int(limit)]
    return json_response(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(items) > len(page),
        }
    )


def _shown(item: Mapping[str, object], found: LoggedRun, number: int) -> Fields:
    """*item* with an id, and with its content as parts."""
    kind = item.get("type", "message")
    digits = found.header.run_id.replace("-", "")
    named: Fields = {"id": f"in_{digits}_{number}", "type": kind, **item}
    if kind == "message" and isinstance(text := item.get("content"), str):
        said = "output_text" if item.get("role") == "assistant" else "input_text"
        named["content"] = [{"type": said, "text": text}]
        named["status"] = "completed"
    return named
