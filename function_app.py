"""The Function App: its routes, and the one place where the parts meet."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import azure.functions as func
import orjson
from azurefunctions.extensions.http.fastapi import Request, Response
from starlette.convertors import PathConvertor
from starlette.requests import ClientDisconnect

import chains
import settings as configuration
import telemetry
from azure_openai import credentials
from gateway import Gateway
from health import Health, Parts
from settings.platform import Platform
from streaming import check, dialects, http
from streaming.callers import Callers
from streaming.errors import ChatError, InternalError
from streaming.events import Event
from streaming.headers import JSON
from streaming.limits import Capacity, Limits, limit
from streaming.requests import ChatRequest, Message
from streaming.response import EventResponse, error_response
from telemetry import logs
from telemetry.runs import Run

log = logging.getLogger(__name__)

# Written by `python -m openapi`, which is not imported: a cold start need not make it.
DESCRIPTION = Path(__file__).with_name("openapi") / "openapi.json"

# A line end in a path (`%0A`) would match no route of the worker's: the request would
# never get to its invocation, which waits for it until the host ends the whole worker.
PathConvertor.regex = "(?s:.*)"

settings = configuration.load()
platform = Platform()
chains.check(settings)
logs.keep_private()
if platform.open_to_anyone(settings):
    log.warning("anyone may call: set API_KEYS, or HTTP_AUTH_LEVEL to function")

recorder = telemetry.build(settings)
log.info("records of runs are in %s", recorder.folder)

limits = Limits(
    peek=settings.first_token_peek_seconds,
    keep_alive=settings.keepalive_seconds,
    first_token=settings.first_token_timeout_seconds,
    stall=settings.stall_timeout_seconds,
    deadline=settings.request_deadline_seconds,
)
# A load balancer gives up on a silent answer after 230 seconds.
limits_unstreamed = Limits(
    first_token=limits.first_token,
    stall=limits.stall,
    deadline=min(limits.deadline, 220),
)
capacity = Capacity(settings.max_concurrent_streams)
reports = Health(Parts(settings, capacity, recorder))
callers = Callers(settings.api_keys, signed_in=platform.authenticates)
native = dialects.load("json")

app = func.FunctionApp(http_auth_level=func.AuthLevel[settings.auth_level.upper()])

Answer = Callable[[Request, Run], Awaitable[Response]]


def route(
    name: str,
    path: str,
    answer: Answer,
    *,
    dialect: str | None = "json",
    methods: tuple[str, ...] = ("POST",),
    under: str = "",
) -> None:
    """Let *answer* have what callers send to *path*, or to the path *under* another.

    A *dialect* of `None` is the one that the path names.
    """

    async def handler(req: Request, context: func.Context) -> Response:
        run = Run(
            dialect=dialect or req.path_params["dialect"],
            request_id=http.request_id(req.headers),
            invocation_id=context.invocation_id,
            traceparent=context.trace_context.trace_parent or "",
        )
        try:
            http.check_head(req)
            run.principal = callers.principal(req)
            return await answer(req, run)
        except ClientDisconnect:
            return Response(status_code=499)  # Nobody reads it.
        except ChatError as error:
            return refuse(error, run)
        except Exception as exc:
            # The runtime would log the exception's text, which may hold what was asked.
            log.error("request %s: %s in parse", run.request_id, type(exc).__name__)
            message = f"Something went wrong here; it is logged as {run.request_id}."
            return refuse(InternalError(message), run)

    routed = app.route(under + path, methods=list(methods))(handler)
    app.function_name(under.replace("/", "_") + name)(routed)


def refuse(error: ChatError, run: Run) -> Response:
    """Answer with *error* as the run's dialect, if there is such a one, writes it."""
    known = run.dialect in dialects.names()
    dialect = dialects.load(run.dialect) if known else native
    return error_response(error, dialect, run.request_id)


async def chat(req: Request, run: Run) -> Response:
    """Answer with the chain that the body names, or the default one."""
    dialect = dialects.load(run.dialect)
    body = await http.read_body(
        req,
        settings.max_request_bytes,
        capacity=capacity,
        seconds=settings.body_timeout_seconds,
    )
    run.prompt_bytes = len(body)
    return start(await http.parsed(dialect.parse, body, req.path_params), run)


def start(request: ChatRequest, run: Run) -> Response:
    """Have the chain run; everything from here on happens in the response."""
    run.chain, run.streamed = chains.find(request.chain, settings), request.stream
    ids = {"id": run.request_id, "run_id": run.id, "chain": run.chain}
    request = request.model_copy(update=ids)
    http.check_policy(
        request,
        max_messages=settings.max_messages,
        system_prompt_allowed=settings.caller_system_prompt != "refuse",
    )
    run.prompt = partial(asked, request)
    callbacks = partial(recorder.callbacks, run)
    events = chains.stream(
        run.chain, request, settings, progress=run, callbacks=callbacks
    )
    return respond(events, request, run)


def asked(request: ChatRequest) -> list[dict[str, Any]]:
    """The messages, as a record has them."""
    return [message.model_dump(exclude_none=True) for message in request.messages]


async def stream_check(req: Request, run: Run) -> Response:
    """Stream without a model, to show a buffering proxy at a glance."""
    run.chain = check.NAME
    nothing = [Message(role="user", content="")]
    return respond(check.ticks(), ChatRequest(messages=nothing, id=run.request_id), run)


def respond(events: AsyncGenerator[Event], request: ChatRequest, run: Run) -> Response:
    """Put limits and telemetry around *events*, and write them as they come."""
    within = limits if request.stream else limits_unstreamed
    limited = limit(events, within, run, started=run.started)
    return EventResponse(
        recorder.record(limited, run),
        request,
        dialects.load(run.dialect),
        limits=within,
        capacity=capacity,
        progress=run,
        started=run.started,
    )


async def list_chains(req: Request, run: Run) -> Response:
    """Which chains there are, and which one answers by default."""
    names = chains.names(settings)
    described = await asyncio.to_thread(
        lambda: [
            {"name": name, "description": chains.describe(name, settings)}
            for name in names
        ]
    )
    return json_response({"default": settings.default_chain, "chains": described})


async def describe(req: Request, run: Run) -> Response:
    """All of this, for tools that read OpenAPI."""
    text = await asyncio.to_thread(DESCRIPTION.read_bytes)
    return Response(text, headers={**JSON})


async def list_models(req: Request, run: Run) -> Response:
    """What `model` may name."""
    return json_response(gateway.models())


async def health_details(req: Request, run: Run) -> Response:
    """What health tells to who has a key, which this route has asked for."""
    return await tell_health(req, everything=True)


gateway = Gateway(
    settings, start=start, emit=recorder.emit, capacity=capacity, limits=limits
)

route("chat", "api/chat", chat)
route("chat_dialect", "api/chat/{dialect}", chat, dialect=None)
route("http_trigger", "api/http_trigger", chat)
route("chat_stream", "api/chat-stream", chat, dialect="text")
route("stream", "api/stream", chat, dialect="delta")
route("stream_check", "api/stream-check", stream_check, methods=("GET", "POST"))
route("list_chains", "api/chains", list_chains, methods=("GET",))
route("describe", "api/openapi.json", describe, methods=("GET",))
route("health_details", "api/health/details", health_details, methods=("GET",))
route("aoaifn", "api/aoaifn", gateway.complete_by_default, dialect="openai")
for under in ("", "api/"):
    openai = partial(route, dialect="openai", under=under)
    deployment = "openai/deployments/{deployment}"
    openai("complete", f"{deployment}/chat/completions", gateway.complete)
    openai("complete_v1", "openai/v1/chat/completions", gateway.complete)
    openai("embed", f"{deployment}/embeddings", gateway.embed)
    openai("embed_v1", "openai/v1/embeddings", gateway.embed)
    openai("models", "openai/v1/models", list_models, methods=("GET",))


@app.route("api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: Request) -> Response:
    """Whether this can answer; details where no key would be asked for."""
    try:
        http.check_head(req)
    except ChatError as error:
        return error_response(error, native, http.request_id(req.headers))
    # A function key cannot be checked here: the host does so at the other route.
    anyone = settings.local or settings.auth_level == "anonymous"
    known = callers.holds_key(req) if settings.api_keys else anyone
    return await tell_health(req, everything=known)


async def tell_health(req: Request, *, everything: bool) -> Response:
    ready = req.query_params.get("ready") == "1"
    report = await reports.ready() if ready else reports.alive()
    status = 200 if report["status"] == "ok" else 503
    told = report if everything else {"status": report["status"]}
    return json_response(told, status)


def json_response(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, {**JSON})


def warm_up() -> None:
    """Sign in and import LangChain, which take a second, before anyone has to wait."""
    credentials.warm(settings)
    chains.warm(settings)
    # What is loaded by now stays, so the collector need not look at it again; and an
    # answer's chunks, which LangChain keeps to its end, are no reason to look so often.
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


threading.Thread(target=warm_up, daemon=True).start()
