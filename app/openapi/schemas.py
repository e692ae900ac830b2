"""Every named schema: requests, the events of each stream, whole answers, errors."""

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from streaming import errors, events
from streaming.requests import Message, Sampling

Schema = dict[str, Any]  # As pydantic types the schemas that it makes.

STRING: Schema = {"type": "string"}
MILLISECONDS: Schema = {"type": "integer", "minimum": 0}
REFERENCE = "#/components/schemas/{model}"


def ref(name: str) -> Schema:
    return {"$ref": REFERENCE.format(model=name)}


def an_object(**properties: Schema) -> Schema:
    """An object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def a_list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def schemas() -> Schema:
    _, given = models_json_schema(
        [(Message, "validation"), (Sampling, "validation")], ref_template=REFERENCE
    )
    found: Schema = dict(given["$defs"])
    sampling = found.pop("Sampling")["properties"]
    for name in ("ToolCall", "ToolResult", "Citation", "Redact", "Custom", "Usage"):
        kind = getattr(events, name)
        schema = TypeAdapter(kind).json_schema(ref_template=REFERENCE)
        found |= schema.pop("$defs", {})
        found[name] = schema
    asked = {
        "ChatRequest": native_request(sampling),
        "DeltaRequest": native_request(sampling, system_prompt=STRING),
        "UIMessageRequest": ui_request(),
        "CompletionRequest": completion_request(),
        "EmbeddingsRequest": {"type": "object"},
    }
    return found | asked | answers() | reports() | failures()


def answers() -> Schema:
    deployment = {"deployment": STRING}
    ending = {
        "finish_reason": {"enum": list(get_args(events.FinishReason))},
        "run_id": STRING,
        "usage": ref("Usage"),
        "latency_ms": MILLISECONDS,
        "time_to_first_chunk_ms": {"type": ["integer", "null"], "minimum": 0},
        "streaming_duration_ms": MILLISECONDS,
    }
    answer = an_object(
        **deployment,
        content=STRING,
        **ending,
        citations=a_list(ref("Citation")),
        tool_calls=a_list({"type": "object"}),
    )
    answer["properties"] |= {
        "output": {},
        "reasoning": STRING,
        "tool_results": a_list({"type": "object"}),
        "redactions": a_list({"type": "object"}),
    }
    return {
        "Delta": an_object(**deployment, delta_content=STRING),
        "Reasoning": an_object(**deployment, delta_reasoning=STRING),
        "ErrorEvent": an_object(**deployment, error=ref("Failure")),
        "Done": an_object(**deployment, **ending),
        "Answer": answer,
        "DeltaEvent": an_object(delta=STRING),
        "Status": an_object(status={"enum": ["completed", "failed"]}),
        "Completion": {"type": "object", "required": ["id", "object", "choices"]},
    }


def reports() -> Schema:
    chain = an_object(name=STRING, description=STRING)
    return {
        "Models": an_object(object=STRING, data=a_list({"type": "object"})),
        "Chains": an_object(default=STRING, chains=a_list(chain)),
        "Health": {
            "type": "object",
            "properties": {"status": {"enum": ["ok", "unavailable"]}},
            "required": ["status"],
        },
    }


def failures() -> Schema:
    failure = an_object(
        code={"enum": sorted(codes())},
        message=STRING,
        status={"type": "integer"},
        retryable={"type": "boolean"},
        request_id=STRING,
    )
    failure["properties"]["retry_after_ms"] = MILLISECONDS
    nullable = {"type": ["string", "null"]}
    # An upstream's own error may say more.
    openais = {
        "type": "object",
        "properties": {
            "message": STRING,
            **dict.fromkeys(("type", "param", "code"), nullable),
        },
        "required": ["message"],
    }
    return {
        "Failure": failure,
        "Error": an_object(error=ref("Failure")),
        "OpenAIError": an_object(error=openais),
    }


def native_request(sampling: Schema, **more: Schema) -> Schema:
    """Exactly one of `user`, `message` and `messages`, and the optional fields."""
    prompt = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "properties": {
            "user": prompt,
            "message": prompt,
            "messages": {**a_list(ref("Message")), "minItems": 1},
            "chain": {"type": "string", "minLength": 1},
            "stream": {"type": "boolean", "default": True},
            "inputs": {"type": "object"},
            **sampling,
            **more,
        },
        "oneOf": [{"required": [name]} for name in ("user", "message", "messages")],
        "additionalProperties": False,
    }


def completion_request() -> Schema:
    """A request to OpenAI's API; fields that are not named here are ignored."""
    return {
        "type": "object",
        "properties": {
            "model": STRING,
            "messages": {**a_list({"type": "object"}), "minItems": 1},
            "stream": {"type": "boolean", "default": False},
        },
        "required": ["messages"],
    }


def ui_request() -> Schema:
    return {
        "type": "object",
        "properties": {
            "messages": {**a_list({"type": "object"}), "minItems": 1},
            "chain": STRING,
        },
        "required": ["messages"],
    }


def all_errors(kind: type[errors.ChatError]) -> Iterable[type[errors.ChatError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


def codes() -> set[str]:
    return {kind.code for kind in all_errors(errors.ChatError)}


def statuses() -> list[int]:
    return sorted({kind.status for kind in all_errors(errors.ChatError)})
