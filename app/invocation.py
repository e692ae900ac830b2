"""One invocation of a route: a run begins, and each failure becomes an answer."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app import App
from runs import Run
from server.request import check_head, request_id
from server.response import error_response
from streaming import dialects
from streaming.errors import ChatError, InternalError

log = logging.getLogger(__name__)

Handler = Callable[[App, Request, Run], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """A path and its handler; without a `dialect` the path names it.

    An `anonymous` route needs no key.
    """

    name: str
    path: str
    handler: Handler
    summary: str
    dialect: str | None = "json"
    methods: tuple[str, ...] = ("POST",)
    anonymous: bool = False

    async def answer(
        self, app: App, request: Request, *, invocation_id: str, traceparent: str
    ) -> Response:
        """The answer to *request*; raises nothing."""
        app.tidying.begin()
        run = Run(
            dialect=self.dialect or request.path_params["dialect"],
            request_id=request_id(request.headers),
            invocation_id=invocation_id,
            traceparent=traceparent,
            prices=app.settings.prices,
        )
        try:
            check_head(request)
            if not self.anonymous:
                caller = app.callers.find(request)
                run.principal, run.owner = caller.principal, caller.owner
            return await self.handler(app, request, run)
        except ClientDisconnect:
            return Response(status_code=499)  # Nobody reads it.
        except ChatError as error:
            return _refuse(error, run)
        except Exception as exc:
            # The runtime would log the exception's text, which may hold a prompt.
            log.error("request %s: %s in parse", run.request_id, type(exc).__name__)
            message = f"Something went wrong here; it is logged as {run.request_id}."
            return _refuse(InternalError(message), run)


def _refuse(error: ChatError, run: Run) -> Response:
    """*error* as the run's dialect writes it, or `json` if that cannot be loaded."""
    try:
        dialect = dialects.load(run.dialect)
    except ChatError:
        dialect = dialects.load("json")
    return error_response(error, dialect, run.request_id)
