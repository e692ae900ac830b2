"""Every route, as data: what function_app binds, and OpenAPI and the doctor read."""

from collections.abc import Iterator
from dataclasses import replace

from app import chain_responses, elsewhere, pages
from app.chains import chain, list_chains
from app.chat import chat
from app.health import alive, details
from app.invocation import Route
from app.langgraph.routes import routes as langgraph
from app.openai_api import (
    complete,
    complete_by_default,
    embed,
    get_model,
    list_models,
    respond,
)
from app.openapi import describe
from app.responses import cancel, delete, input_items, response
from app.runs import cancel_run, follow_chat, follow_run, run_state
from app.stream_check import stream_check
from app.threads import delete_thread, list_threads, thread
from app.usage import usage

GET = ("GET",)
PROBED = ("GET", "HEAD")

_DEPLOYMENT = "openai/deployments/{deployment}"
_RESPONSE = "responses/{response}"

_OPENAI = (
    Route(
        "complete",
        f"{_DEPLOYMENT}/chat/completions",
        complete,
        "Complete a chat, with a deployment or a chain",
    ),
    Route("complete_v1", "openai/v1/chat/completions", complete, "Complete a chat"),
    Route("embed", f"{_DEPLOYMENT}/embeddings", embed, "Embed text"),
    Route("embed_v1", "openai/v1/embeddings", embed, "Embed text"),
    *(
        route
        for version, under in (("", "openai/v1"), ("_azure", "openai"))
        for route in (
            Route(
                f"models{version}",
                f"{under}/models",
                list_models,
                "What `model` may name",
                methods=GET,
            ),
            Route(
                f"model{version}",
                f"{under}/models/{{model}}",
                get_model,
                "A model, by its name",
                methods=GET,
            ),
            Route(f"respond{version}", f"{under}/responses", respond, "Respond"),
            Route(
                f"response{version}",
                f"{under}/{_RESPONSE}",
                response,
                "A response, by its id",
                methods=GET,
            ),
            Route(
                f"delete_response{version}",
                f"{under}/{_RESPONSE}",
                delete,
                "Delete a response",
                methods=("DELETE",),
            ),
            Route(
                f"cancel_response{version}",
                f"{under}/{_RESPONSE}/cancel",
                cancel,
                "Stop a response that is made in the background",
            ),
            Route(
                f"input_items{version}",
                f"{under}/{_RESPONSE}/input_items",
                input_items,
                "What a response was asked",
                methods=GET,
            ),
        )
    ),
)


def _openai() -> Iterator[Route]:
    for under in ("", "api/"):
        for route in _OPENAI:
            name, path = under.replace("/", "_") + route.name, under + route.path
            yield replace(route, name=name, path=path, dialect="openai")


KNOWN: tuple[Route, ...] = (
    Route("chat", "api/chat", chat, "Ask a chain"),
    Route(
        "chat_responses",
        "api/chat/responses",
        chain_responses.ask,
        "Ask a chain for a response",
        dialect="responses",
    ),
    Route(
        "chat_dialect",
        "api/chat/{dialect}",
        chat,
        "Ask a chain in the dialect that the path names",
        dialect=None,
    ),
    Route("http_trigger", "api/http_trigger", chat, "Ask a chain"),
    Route(
        "chat_stream",
        "api/chat-stream",
        chat,
        "Ask a chain for text",
        dialect="text",
    ),
    Route("stream", "api/stream", chat, "Ask a chain for deltas", dialect="delta"),
    Route(
        "stream_check",
        "api/stream-check",
        stream_check,
        "Stream without a model",
        methods=("GET", "POST"),
    ),
    Route(
        "list_chains", "api/chains", list_chains, "The chains there are", methods=GET
    ),
    Route("chain", "api/chains/{name}", chain, "A chain, and its input", methods=GET),
    Route("threads", "api/threads", list_threads, "The threads there are", methods=GET),
    Route("thread", "api/threads/{thread}", thread, "A thread, by its id", methods=GET),
    Route(
        "delete_thread",
        "api/threads/{thread}",
        delete_thread,
        "Delete a thread",
        methods=("DELETE",),
    ),
    Route(
        "health",
        "api/health",
        alive,
        "Whether this can answer",
        methods=PROBED,
        anonymous=True,
    ),
    Route(
        "health_details",
        "api/health/details",
        details,
        "Whether this can answer, and what was found",
        methods=PROBED,
    ),
    Route("run_state", "api/runs/{run_id}", run_state, "A run, by its id", methods=GET),
    Route(
        "follow_run",
        "api/runs/{run_id}/stream",
        follow_run,
        "What a run has streamed, and streams",
        methods=GET,
    ),
    Route(
        "follow_chat",
        "api/chat/ui-message/{chat}/stream",
        follow_chat,
        "What streams in a page's chat",
        dialect="ui-message",
        methods=GET,
    ),
    Route("cancel_run", "api/runs/{run_id}/cancel", cancel_run, "Stop a run"),
    Route("usage", "api/usage", usage, "What runs used", methods=GET),
    Route("describe", "api/openapi.json", describe, "This description", methods=GET),
    Route(
        "aoaifn",
        "api/aoaifn",
        complete_by_default,
        "Complete a chat",
        dialect="openai",
    ),
    *_openai(),
    *langgraph(),
)

ROUTES = (*KNOWN, *pages.routes(), *elsewhere.routes(KNOWN))
