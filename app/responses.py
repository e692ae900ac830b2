"""The Responses API of deployments: what is asked anew, and what was made before.

What a chain has made is asked for by its id at the same paths.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from app import App, chain_responses, deployments, earlier_responses
from app.invocation import Handler
from proxy import json_text
from proxy.body import Noted
from proxy.kept import KeptResponse
from runs import Run
from runs.reading import LoggedRun
from settings.backends import Backend
from streaming.errors import NotFound, invalid
from streaming.events import Usage
from streaming.large import off_loop

NOTHING = (0, 0)


async def forward(
    app: App, request: Request, body: bytes, run: Run, *, deployment: str
) -> Response:
    """Respond with *deployment*, and remember which backend has the response."""
    members = await off_loop(len(body), lambda: json_text.members(body)) or {}
    previous = members.get("previous_response_id")
    at = await _previous(app, run, previous) if previous is not None else None
    unseen = members.get("background") is True

    async def keep(response_id: str, backend: Backend) -> None:
        kept = KeptResponse(
            backend.resource, backend.deployment, NOTHING if unseen else None
        )
        await app.responses.keep(run.owner, response_id, kept)
        if unseen and run.streamed:
            run.closers.append(lambda: _note_counted(app, run, response_id, kept))

    noted = keep if members.get("store") is not False else None
    return await deployments.forward(
        app,
        request,
        body,
        run,
        operation="responses",
        deployment=deployment,
        at=at,
        noted=noted,
    )


async def _previous(app: App, run: Run, response_id: object) -> KeptResponse:
    """Where the response is that the new one goes on with."""
    if not isinstance(response_id, str):
        raise invalid("previous_response_id", "expected a string")
    try:
        return await app.responses.find(run.owner, response_id)
    except NotFound as error:
        message = f"previous_response_id: {error.message}"
        raise NotFound(message, param="previous_response_id") from None


async def _note_counted(
    app: App, run: Run, response_id: str, kept: KeptResponse
) -> None:
    """Note what *run*'s record has of a response that may go on without its caller."""
    usage = run.usage
    counted = (usage.input_tokens, usage.output_tokens) if usage.estimated else None
    now = KeptResponse(kept.resource, kept.deployment, counted)
    await app.responses.keep(run.owner, response_id, now)


async def _about(
    app: App,
    request: Request,
    run: Run,
    *,
    method: Literal["DELETE", "GET", "POST"],
    below: str = "",
    noted: Noted | None = None,
) -> Response:
    """What the backend says of the response that it has made."""
    response_id = str(request.path_params["response"])
    kept = await app.responses.find(run.owner, response_id)
    if kept.counted is not None:
        run.closers.append(lambda: _count(app, run, response_id))
    return app.proxy.respond_about(
        kept,
        response_id + below,
        request.headers,
        request.query_params.multi_items(),
        method=method,
        run=run,
        noted=noted,
    )


async def _delete(app: App, request: Request, run: Run) -> Response:
    async def forget(response_id: str, backend: Backend) -> None:
        await app.responses.forget(run.owner, response_id)

    return await _about(app, request, run, method="DELETE", noted=forget)


OfChain = Callable[[App, Request, Run, LoggedRun], Awaitable[Response]]


def _by_id(of_chain: OfChain, of_deployment: Handler) -> Handler:
    """The handler that fits what has made the response that the path names."""

    async def answer(app: App, request: Request, run: Run) -> Response:
        response_id = str(request.path_params["response"])
        if (found := await earlier_responses.find(app, run, response_id)) is not None:
            return await of_chain(app, request, run, found)
        return await of_deployment(app, request, run)

    return answer


response = _by_id(chain_responses.response, partial(_about, method="GET"))
delete = _by_id(chain_responses.delete, _delete)
input_items = _by_id(
    chain_responses.input_items, partial(_about, method="GET", below="/input_items")
)
_cancel = _by_id(
    chain_responses.cancel, partial(_about, method="POST", below="/cancel")
)


async def cancel(app: App, request: Request, run: Run) -> Response:
    chain_responses.stop(app, request, run)
    return await _cancel(app, request, run)


async def _count(app: App, run: Run, response_id: str) -> None:
    """Record what a response has used that has ended in the background, once.

    *run* is the call whose answer shows its end.
    """
    call = run.last_call
    if call is None or call.usage is None or call.usage == Usage():
        return
    left = await app.responses.count(run.owner, response_id, call.usage)
    if left is not None:
        call.usage = left
        app.telemetry.emit(run)
        if lease := app.budgets.lease(run):
            await lease.settle()
