"""Deployments answer: what was posted, passed on byte for byte."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app import App
from proxy.body import Noted
from proxy.kept import KeptResponse
from proxy.outgoing import Operation
from runs import Run
from streaming.large import off_loop


async def forward(
    app: App,
    request: Request,
    body: bytes,
    run: Run,
    *,
    operation: Operation,
    deployment: str,
    at: KeptResponse | None = None,
    noted: Noted | None = None,
) -> Response:
    """Answer with *deployment*, at that resource alone which has the response *at*;
    *noted* gets the id of a response before the caller does."""
    build = partial(
        app.proxy.outgoing,
        body,
        request.headers,
        request.query_params,
        operation=operation,
        deployment=deployment,
    )
    return app.proxy.respond(
        await off_loop(len(body), build),
        body,
        deployment=deployment,
        run=run,
        lease=app.budgets.lease(run),
        at=at,
        noted=noted,
    )
