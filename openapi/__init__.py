"""The OpenAPI 3.1 description of every route, made from the models that check requests.

`python -m openapi` writes `openapi/openapi.json`, which `/api/openapi.json` serves.

See: https://spec.openapis.org/oas/v3.1.1.html
"""

from pathlib import Path
from typing import Any

from openapi.schemas import STRING, Schema, an_object, ref, schemas, statuses
from settings import VERSION

FILE = Path(__file__).with_name("openapi.json")

SECURITY: Schema = {
    "functionKey": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
    "code": {"type": "apiKey", "in": "query", "name": "code"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "api-key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def build() -> Schema:
    """The whole description; it depends on nothing but the code."""
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
        "components": {"schemas": schemas(), "securitySchemes": SECURITY},
    }


def json_body(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def stream_body(**kinds: str) -> Schema:
    """A stream; each event, by its name, has data that is JSON of that schema.

    As tools read it, and OpenAPI 3.2 says, the schema is that of each event.
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
    error="ErrorEvent",
    done="Done",
) | json_body(ref("Answer"))
TEXT = stream_body() | {"text/plain": {"schema": STRING}}
DELTA = stream_body(message="DeltaEvent", error="Error", done="Status") | json_body(
    an_object(message=STRING)
)
COMPLETION = stream_body() | json_body(ref("Completion"))
OBJECT = json_body({"type": "object"})
WRONG_KEY = {"description": "No key, or a wrong one; a host says no more."}


def operation(
    summary: str,
    answer: Schema,
    *,
    asked: tuple[str, ...] = (),
    failures: tuple[str, ...] = ("Error",),
    path: str | None = None,
) -> Schema:
    """One operation that answers *answer*, or any of the errors there are."""
    failure = json_body({"anyOf": [ref(name) for name in failures]})
    described: Schema = {
        "summary": summary,
        "responses": {
            "200": {"description": summary, "content": answer},
            **{
                str(status): {"description": "Not answered.", "content": failure}
                for status in statuses()
            },
            "401": WRONG_KEY,
        },
    }
    if asked:
        body = json_body({"anyOf": [ref(name) for name in asked]})
        described["requestBody"] = {"required": True, "content": body}
    if path:
        parameter = {"name": path, "in": "path", "required": True, "schema": STRING}
        described["parameters"] = [parameter]
    return described


def paths() -> Schema:
    """Every path, with what it takes and answers."""
    chat = operation("Ask a chain", NATIVE, asked=("ChatRequest",))
    requests = ("ChatRequest", "DeltaRequest", "UIMessageRequest", "CompletionRequest")
    in_a_dialect = operation(
        "Ask a chain in the dialect that the path names",
        stream_body() | {"text/plain": {"schema": STRING}} | OBJECT,
        asked=requests,
        failures=("Error", "OpenAIError"),
        path="dialect",
    )
    text = operation("Ask a chain for text", TEXT, asked=("ChatRequest",))
    delta = operation("Ask a chain for deltas", DELTA, asked=("DeltaRequest",))
    check = operation("Stream without a model", NATIVE)
    listed = operation("The chains there are", json_body(ref("Chains")))
    details = health("Whether this can answer, and what was found")
    details["responses"]["401"] = WRONG_KEY
    found = {
        "/api/chat": {"post": chat},
        "/api/chat/{dialect}": {"post": in_a_dialect},
        "/api/http_trigger": {"post": chat},
        "/api/chat-stream": {"post": text},
        "/api/stream": {"post": delta},
        "/api/stream-check": {"get": check, "post": check},
        "/api/chains": {"get": listed},
        "/api/health": {"get": health("Whether this can answer")},
        "/api/health/details": {"get": details},
        "/api/openapi.json": {"get": operation("This description", OBJECT)},
        "/api/aoaifn": {"post": completion("Complete a chat")},
    }
    for under in ("", "/api"):
        found |= {under + path: item for path, item in openai_paths().items()}
    return found


def health(summary: str) -> Schema:
    """A report on the server; its status is what a probe looks at."""
    report, refused = json_body(ref("Health")), json_body(ref("Error"))
    return {
        "summary": summary,
        "parameters": [
            {
                "name": "ready",
                "in": "query",
                "description": "`1` for all checks, the default chain loaded.",
                "schema": STRING,
            }
        ],
        "responses": {
            "200": {"description": "It can.", "content": report},
            "431": {"description": "Not answered.", "content": refused},
            "503": {"description": "It cannot.", "content": report},
        },
    }


def completion(summary: str, **more: Any) -> Schema:
    asked, failures = ("CompletionRequest",), ("OpenAIError",)
    return operation(summary, COMPLETION, asked=asked, failures=failures, **more)


def embedding(**more: Any) -> Schema:
    asked, failures = ("EmbeddingsRequest",), ("OpenAIError",)
    return operation("Embed text", OBJECT, asked=asked, failures=failures, **more)


def openai_paths() -> Schema:
    """OpenAI's own API, as Azure signs it and as v1 does."""
    at = "/openai/deployments/{deployment}"
    complete = completion(
        "Complete a chat, with a deployment or a chain", path="deployment"
    )
    models = operation(
        "What `model` may name", json_body(ref("Models")), failures=("OpenAIError",)
    )
    return {
        f"{at}/chat/completions": {"post": complete},
        f"{at}/embeddings": {"post": embedding(path="deployment")},
        "/openai/v1/chat/completions": {"post": completion("Complete a chat")},
        "/openai/v1/embeddings": {"post": embedding()},
        "/openai/v1/models": {"get": models},
    }
