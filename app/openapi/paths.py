"""The OpenAPI 3.1 description of every route.

See: https://spec.openapis.org/oas/v3.1.1.html
"""

import re
from collections.abc import Iterator
from typing import get_args

from app import (
    chain_responses,
    chains,
    chat,
    health,
    openai_api,
    responses,
    runs,
    stream_check,
    threads,
    usage,
)
from app.invocation import Handler, Route
from app.openapi import (
    asked,
    describe,
    langgraph_paths,
    response_paths,
    run_paths,
    schemas,
)
from app.openapi.health_path import health_report
from app.openapi.schemas import (
    STRING,
    WRONG_KEY,
    Schema,
    an_object,
    json_body,
    ref,
    statuses,
)
from app.routes import KNOWN
from settings import VERSION
from telemetry.usage import By, Over

SECURITY: Schema = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
    "code": {"type": "apiKey", "in": "query", "name": "code"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "api-key"},
    "xApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def build() -> Schema:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "LangChain, token by token",
            "version": VERSION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, *({name: []} for name in SECURITY)],
        "paths": paths(),
        "components": {
            "schemas": {
                **asked.schemas(),
                **schemas.schemas(),
                **run_paths.schemas(),
                **response_paths.schemas(),
                **langgraph_paths.schemas(),
            },
            "securitySchemes": SECURITY,
        },
    }


def stream_body(**kinds: str) -> Schema:
    """A stream whose events, by name, have JSON data of these schemas.

    The schema is that of each event, as OpenAPI 3.2 says and tools read it.
    """
    events = [
        {
            "type": "object",
            "properties": {
                "event": {"const": name},
                "data": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": ref(kind),
                },
            },
            "required": ["event", "data"],
        }
        for name, kind in kinds.items()
    ]
    return {"text/event-stream": {"schema": {"oneOf": events} if events else {}}}


NATIVE = stream_body(
    message="Delta",
    reasoning="Reasoning",
    tool_call="ToolCall",
    tool_result="ToolResult",
    citation="Citation",
    redact="Redact",
    custom="Custom",
    error="ErrorEvent",
    done="Done",
) | json_body(ref("Answer"))
TEXT = stream_body() | {"text/plain": {"schema": STRING}}
DELTA = stream_body(message="DeltaEvent", error="Error", done="Status") | json_body(
    an_object(message=STRING)
)
COMPLETION = stream_body() | json_body(ref("Completion"))
RESPONSE = stream_body() | json_body(ref("Response"))
OBJECT = json_body({"type": "object"})


def paths() -> Schema:
    found: Schema = {}
    for route in KNOWN:
        operations = found.setdefault(f"/{route.path}", {})
        for method in route.methods:
            described = _named(_operation(route), route, method)
            operations[method.lower()] = described
    return found


def _named(described: Schema, route: Route, method: str) -> Schema:
    """*described* as the operation of *method*, under a name of its own."""
    name = route.name if route.methods == (method,) else f"{route.name}_{method}"
    if method == "HEAD":
        responses = {
            status: {"description": response["description"]}
            for status, response in described["responses"].items()
        }
        described = {**described, "responses": responses}
    return {"operationId": name.lower(), **described}


DIALECTS = (
    *("ag-ui", "delta", "json", "openai", "plain", "responses", "text", "ui-message"),
)
"""Those of this project; whatever else is in the folder is added when it is served."""

ASKED: dict[str | None, tuple[str, ...]] = {
    "json": ("ChatRequest",),
    "text": ("ChatRequest",),
    "delta": ("DeltaRequest",),
    None: (
        *("ChatRequest", "DeltaRequest", "UIMessageRequest", "RunAgentInput"),
        *("DeploymentCompletionRequest", "ChainResponseRequest"),
    ),
}
"""Request schemas of a chain, by the route's dialect."""

CHAT: dict[str | None, Schema] = {
    "json": NATIVE,
    "text": TEXT,
    "delta": DELTA,
    None: stream_body() | {"text/plain": {"schema": STRING}} | OBJECT,
}
"""Response schemas of a chain, by the route's dialect."""

ANSWERS: dict[Handler, Schema] = {
    openai_api.complete: COMPLETION,
    openai_api.complete_by_default: COMPLETION,
    openai_api.embed: OBJECT,
    openai_api.list_models: json_body(ref("Models")),
    openai_api.get_model: json_body(ref("Model")),
    openai_api.respond: RESPONSE,
    responses.response: RESPONSE,
    responses.delete: OBJECT,
    responses.cancel: OBJECT,
    responses.input_items: OBJECT,
    chain_responses.ask: stream_body() | OBJECT,
    stream_check.stream_check: NATIVE,
    chains.list_chains: json_body(ref("Chains")),
    chains.chain: json_body(ref("Chain")),
    threads.list_threads: json_body(ref("Threads")),
    threads.thread: json_body(ref("Thread")),
    threads.delete_thread: json_body(ref("DeletedThread")),
    runs.run_state: json_body(ref("RunState")),
    runs.follow_run: NATIVE,
    runs.follow_chat: stream_body(),
    runs.cancel_run: json_body(ref("RunState")),
    describe: OBJECT,
    usage.usage: {
        "application/json": {
            "schema": {"anyOf": [ref("UsageReport"), ref("RunReport")]}
        }
    },
    **langgraph_paths.ANSWERS,
}

SILENCE: Schema = {
    "name": "silence",
    "in": "query",
    "description": "Two numbers, with so many seconds of silence in between.",
    "schema": {"type": "number", "minimum": 0, "maximum": stream_check.MAX_SILENCE},
}

PARAMETERS = run_paths.PARAMETERS | response_paths.PARAMETERS
"""Those of a query or of headers."""

POSTED: dict[Handler, str] = {
    openai_api.complete: "CompletionRequest",
    openai_api.complete_by_default: "CompletionRequest",
    openai_api.embed: "EmbeddingsRequest",
    openai_api.respond: "ResponseRequest",
    chain_responses.ask: "ChainResponseRequest",
    **langgraph_paths.POSTED,
}


def _posted(route: Route) -> tuple[str, ...]:
    if route.handler is chat.chat:
        return ASKED[route.dialect]
    if route.handler not in POSTED:
        return ()
    name = POSTED[route.handler]
    # Elsewhere the path or the settings say which model it is.
    elsewhere = route.dialect == "openai" and "openai/v1/" not in route.path
    by_path = elsewhere and route.handler is not openai_api.respond
    return (f"Deployment{name}" if by_path else name,)


def _operation(route: Route) -> Schema:
    if route.handler in (health.alive, health.details):
        return health_report(route)
    is_chat = route.handler is chat.chat
    answer = CHAT[route.dialect] if is_chat else ANSWERS[route.handler]
    openais = route.dialect in ("openai", "responses")
    failures = ("OpenAIError",) if openais else ("Error",)
    either = ("Error", "OpenAIError")
    return operation(
        route,
        answer,
        posted=_posted(route),
        failures=failures if route.dialect else either,
    )


def any_of(names: tuple[str, ...]) -> Schema:
    kinds = [ref(name) for name in names]
    return {"anyOf": kinds} if len(kinds) > 1 else kinds[0]


def operation(
    route: Route, answer: Schema, *, posted: tuple[str, ...], failures: tuple[str, ...]
) -> Schema:
    failure = json_body(any_of(failures))
    if route.dialect is None:
        failure |= {"text/plain": {"schema": STRING}}
    described: Schema = {
        "summary": route.summary,
        "responses": {
            "200": {"description": route.summary, "content": answer},
            **{
                str(status): {"description": "Not answered.", "content": failure}
                for status in statuses()
            },
            "401": WRONG_KEY,
            **run_paths.responses(route.handler),
        },
    }
    if posted:
        body = json_body(any_of(posted))
        described["requestBody"] = {"required": True, "content": body}
    if route.handler is usage.usage:
        described["parameters"] = list(usage_parameters())
    if route.handler is stream_check.stream_check:
        described["parameters"] = [SILENCE]
    if names := re.findall(r"\{(\w+)\}", route.path):
        more = PARAMETERS.get(route.handler, [])
        described["parameters"] = [*map(path_parameter, names), *more]
    return described


def path_parameter(name: str) -> Schema:
    schema = {**STRING, "enum": list(DIALECTS)} if name == "dialect" else STRING
    return {"name": name, "in": "path", "required": True, "schema": schema}


def usage_parameters() -> Iterator[Schema]:
    for name, description, schema in (
        ("since", "A time, or how long ago: `30m`, `24h`, `7d`.", STRING),
        ("by", "What groups are made by.", {"enum": list(get_args(By))}),
        ("over", "What times are told apart.", {"enum": list(get_args(Over))}),
        ("run", "The id of one run, whose record is the answer.", STRING),
    ):
        yield {
            "name": name,
            "in": "query",
            "description": description,
            "schema": schema,
        }
