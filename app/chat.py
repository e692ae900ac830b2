"""A chain answers: `/api/chat` in every dialect."""

from collections.abc import AsyncGenerator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app import App, posted
from runs import Run
from runs.ending import ending
from runs.tokens import TOKENS_PER_MESSAGE, count_tokens
from server.event_body import EventBody
from server.limits import limit
from server.request import check_policy, check_starts_anew, parsed
from server.response import StreamResponse
from streaming import dialects
from streaming.dialects import Dialect
from streaming.events import Event
from streaming.requests import ChatRequest


async def chat(app: App, request: Request, run: Run) -> Response:
    """Answer with the chain that the body names, or the default one."""
    dialect = dialects.load(run.dialect)
    check_starts_anew(request.headers)
    body = await posted.for_chain(app, request)
    run.prompt_bytes = len(body)
    return start(app, await parsed(dialect.parse, body, request.path_params), run)


def start(
    app: App, request: ChatRequest, run: Run, dialect: Dialect | None = None
) -> Response:
    """Start the chain; everything after this happens in the response.

    Without a *dialect* the run names it.
    """
    run.chain, run.streamed = app.chains.find(request.chain), request.stream
    run.end_user, run.metadata = request.end_user, request.metadata
    run.thread_id = request.thread_id
    if run.thread_id is not None:
        run.admission.ask()
    request = named(request, run)
    check_policy(
        request,
        max_messages=app.settings.max_messages,
        system_prompt_allowed=app.settings.caller_system_prompt != "refuse",
    )
    run.goes_on = request.on_disconnect == "continue"
    run.prompt = partial(_messages, request)
    if request.response.store:
        app.logs.attach(run, request)
    events = app.chains.stream(run.chain, request, run, app.threads)
    return respond(app, events, request, run, dialect)


def named(request: ChatRequest, run: Run) -> ChatRequest:
    """*request* with what an answer says of its *run*."""
    created = int(run.timestamp.timestamp())
    ids = {"id": run.request_id, "run_id": run.id}
    return request.model_copy(update={**ids, "chain": run.chain, "created": created})


def _messages(request: ChatRequest) -> list[dict[str, object]]:
    return [message.model_dump(exclude_none=True) for message in request.messages]


def _prompt_tokens(request: ChatRequest) -> int:
    """About how many tokens the messages of *request* have."""
    return sum(
        count_tokens(message.text) + TOKENS_PER_MESSAGE for message in request.messages
    )


def respond(
    app: App,
    events: AsyncGenerator[Event],
    request: ChatRequest,
    run: Run,
    dialect: Dialect | None = None,
    *,
    limited: bool = True,
) -> Response:
    """A run without a model is not *limited* by a budget."""
    waits = not request.stream and not request.response.background
    limits = app.limits.unstreamed if waits else app.limits
    if limited and (lease := app.budgets.lease(run)) is not None:
        lease.limit(_prompt_tokens(request))
    events = limit(events, limits, run, started=run.started, meter=run.meter)
    dialect = dialect or dialects.load(run.dialect)
    body = EventBody(ending(events, run), request, dialect, run, app.telemetry.emit)
    return StreamResponse(body, run, dialect, limits=limits, capacity=app.capacity)
