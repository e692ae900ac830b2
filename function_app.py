"""The Function App: its routes, and the one place where the parts meet."""

import asyncio
import gc
import logging
import threading
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Any

import azure.functions as func
import orjson
from azurefunctions.extensions.http.fastapi import Request, Response
from starlette.requests import ClientDisconnect

import chains
import settings as configuration
import telemetry.sinks
from streaming import check, dialects, http
from streaming.errors import ChatError, InternalError
from streaming.events import Event
from streaming.limits import Capacity, Limits, limit
from streaming.requests import ChatRequest, Message
from streaming.response import EventResponse, error_response
from telemetry import Telemetry, logs
from telemetry.runs import Run

log = logging.getLogger(__name__)

settings = configuration.load()
chains.check(settings)
logs.keep_private()

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
recorder = Telemetry(telemetry.sinks.build(settings))
native = dialects.load("json")

app = func.FunctionApp(http_auth_level=func.AuthLevel[settings.http_auth_level.upper()])


def chat(name: str, path: str, dialect: str | None = None) -> None:
    """Answer POST *path* in *dialect*, or in the one that the path names."""

    async def handler(req: Request, context: func.Context) -> Response:
        return await answer(req, context, dialect or req.path_params["dialect"])

    app.function_name(name)(app.route(path, methods=["POST"])(handler))


chat("chat", "api/chat", "json")
chat("chat_dialect", "api/chat/{dialect}")
chat("http_trigger", "api/http_trigger", "json")


async def answer(req: Request, context: func.Context, dialect_name: str) -> Response:
    """Parse the request; everything after that happens in the response."""
    started, request_id, dialect = monotonic(), http.request_id(req.headers), native
    try:
        dialect = dialects.load(dialect_name)
        body = await http.read_body(req, settings.max_request_bytes)
        request = dialect.parse(body, req.path_params)
        request = request.model_copy(update={"id": request_id})
        chain = chains.find(request.chain, settings)
        http.check_policy(
            request,
            max_messages=settings.max_messages,
            system_prompt_allowed=settings.caller_system_prompt != "refuse",
        )
    except ClientDisconnect:
        return Response(status_code=499)  # Nobody reads it.
    except ChatError as error:
        return error_response(error, dialect, request_id)
    except Exception as exc:
        # The runtime would log the exception's text, which may hold what was asked.
        log.error("request %s: %s in parse", request_id, type(exc).__name__)
        message = f"Something went wrong here; it is logged as {request_id}."
        return error_response(InternalError(message), dialect, request_id)
    run = new_run(chain, dialect_name, request, context, started)
    events = chains.stream(
        chain,
        request,
        settings,
        progress=run,
        callbacks=lambda: recorder.callbacks(run),
    )
    return respond(events, request, dialect, run)


@app.route("api/stream-check", methods=["GET", "POST"])
async def stream_check(req: Request, context: func.Context) -> Response:
    """Stream without a model, to show a buffering proxy at a glance."""
    request = ChatRequest(
        messages=[Message(role="user", content="")], id=http.request_id(req.headers)
    )
    run = new_run(check.NAME, "json", request, context, monotonic())
    return respond(check.ticks(), request, native, run)


def new_run(
    chain: str,
    dialect: str,
    request: ChatRequest,
    context: func.Context,
    started: float,
) -> Run:
    return Run(
        chain=chain,
        dialect=dialect,
        streamed=request.stream,
        request_id=request.id,
        invocation_id=context.invocation_id,
        traceparent=context.trace_context.trace_parent or "",
        started=started,
    )


def respond(
    events: AsyncGenerator[Event],
    request: ChatRequest,
    dialect: dialects.Dialect,
    run: Run,
) -> Response:
    """Put limits and telemetry around *events*, and write them as they come."""
    within = limits if request.stream else limits_unstreamed
    limited = limit(events, within, run, started=run.started)
    return EventResponse(
        recorder.record(limited, run),
        request,
        dialect,
        limits=within,
        capacity=capacity,
        progress=run,
        started=run.started,
    )


@app.route("api/chains", methods=["GET"])
async def list_chains(req: Request) -> Response:
    """Which chains there are, and which one answers by default."""
    names = chains.names(settings)
    described = await asyncio.to_thread(
        lambda: [
            {"name": name, "description": chains.describe(name, settings)}
            for name in names
        ]
    )
    return json_response({"default": settings.default_chain, "chains": described})


@app.route("api/health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: Request) -> Response:
    """Whether the default chain can answer; details where no key would be asked for."""
    problem = chains.problem(settings)
    report: dict[str, Any] = {"status": "unavailable" if problem else "ok"}
    if settings.local or settings.http_auth_level == "anonymous":
        report |= {
            "version": configuration.VERSION,
            "chain": settings.default_chain,
            "checks": {"chain": problem or "ok", "open_streams": capacity.open},
        }
    return json_response(report, 503 if problem else 200)


def json_response(value: Any, status: int = 200) -> Response:
    headers = {"content-type": "application/json", "cache-control": "no-store"}
    return Response(orjson.dumps(value), status, headers)


def warm_up() -> None:
    """Import LangChain, which takes a second, before the first caller waits for it."""
    chains.warm(settings)
    # What is loaded by now stays, so the collector need not look at it again; and an
    # answer's chunks, which LangChain keeps to its end, are no reason to look so often.
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


threading.Thread(target=warm_up, daemon=True).start()
