"""Schemas of requests: what pydantic says of their models, and what it cannot say.

A field that is `null` is not given, wherever a request may leave it out.
"""

from collections.abc import Mapping
from typing import get_args

from pydantic.json_schema import models_json_schema

from app.openapi.schemas import REFERENCE, STRING, Schema, a_list, ref
from streaming.caller_tools import CallerTools
from streaming.requests import (
    LONGEST_END_USER,
    MAX_FIELDS,
    OF_CHAINS,
    ChatRequest,
    ContentPart,
    Message,
    Role,
    Sampling,
)

NULL: Schema = {"type": "null"}
TEXT: Schema = {"type": "string", "minLength": 1}
INPUTS: Schema = {"type": "object", "maxProperties": MAX_FIELDS}
PROMPTS = ("user", "message", "messages", "resume")


def _of_chains() -> Schema:
    """The fields that have the same names on every wire."""
    fields: Schema = ChatRequest.model_json_schema(ref_template=REFERENCE)["properties"]
    return {**{name: fields[name] for name in OF_CHAINS}, "inputs": INPUTS}


OF_ANY: Schema = _of_chains()
END_USER: Schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_END_USER}


def schemas() -> Schema:
    models = (Message, Sampling, CallerTools)
    _, given = models_json_schema(
        [(model, "validation") for model in models], ref_template=REFERENCE
    )
    found: Schema = dict(given["$defs"])
    sampling = found.pop("Sampling")["properties"]
    tools = found.pop("CallerTools")["properties"]
    for name in ("Message", "ToolCallRequest", "FunctionCall"):
        found[name] = with_nulls(found[name])
    found["Message"] |= {"allOf": MESSAGE_RULES}
    found["ContentPart"] |= {"allOf": content_part_rules()}
    effort = {"reasoning_effort": tools["reasoning_effort"]}
    native = {**sampling, **effort}
    completion = completion_request({**sampling, **tools})
    prompt = {"system_prompt": STRING}
    return found | {
        "ChatRequest": native_request(native),
        "DeltaRequest": native_request({**native, **prompt}),
        "UIMessageRequest": ui_request({**sampling, **tools}),
        "UIMessage": ui_message(),
        "RunAgentInput": run_agent_input({**sampling, **tools}),
        "ChainResponseRequest": response_request({**sampling, **tools}),
        "CompletionRequest": {**completion, "required": ["model", "messages"]},
        "DeploymentCompletionRequest": completion,
        "EmbeddingsRequest": an_embedding(["model"]),
        "DeploymentEmbeddingsRequest": an_embedding([]),
    }


def given(name: str) -> Schema:
    """That the field *name* is there, and not null."""
    return {"required": [name], "properties": {name: {"not": NULL}}}


def nullable(schema: Schema) -> Schema:
    options = schema.get("anyOf", [schema])
    return schema if NULL in options else {"anyOf": [*options, NULL]}


def with_nulls(schema: Schema) -> Schema:
    """*schema* of an object, whose optional and unknown fields may be null."""
    required = schema.get("required", [])
    properties = {
        name: field if name in required else nullable(field)
        for name, field in schema["properties"].items()
    }
    return {**schema, "properties": properties, "additionalProperties": NULL}


def if_then(name: str, value: str, then: Schema) -> Schema:
    is_value = {"required": [name], "properties": {name: {"const": value}}}
    return {"if": is_value, "then": then}


RESUMED: Schema = {"if": given("resume"), "then": given("thread_id")}

CALLS: Schema = {
    "required": ["tool_calls"],
    "properties": {"tool_calls": {"type": "array", "minItems": 1}},
}

MESSAGE_RULES: list[Schema] = [
    {"anyOf": [given("content"), CALLS]},
    {"if": CALLS, "then": {"properties": {"role": {"const": "assistant"}}}},
    if_then("role", "tool", given("tool_call_id")),
]


def content_part_rules() -> list[Schema]:
    kinds = get_args(ContentPart.model_fields["type"].annotation)
    return [if_then("type", kind, given(kind)) for kind in kinds]


def native_request(more: Mapping[str, Schema]) -> Schema:
    """Exactly one of the prompts, and the optional fields."""
    properties = {
        "user": TEXT,
        "message": TEXT,
        "messages": {**a_list(ref("Message")), "minItems": 1},
        "chain": TEXT,
        "stream": {"type": "boolean", "default": True},
        "end_user": END_USER,
        **OF_ANY,
        **more,
    }
    request = with_nulls({"type": "object", "properties": properties})
    prompts = [given(name) for name in PROMPTS]
    return {**request, "oneOf": prompts, **RESUMED}


def completion_request(more: Mapping[str, Schema]) -> Schema:
    """A request to OpenAI's API; fields that are not named here are ignored."""
    roles = [*get_args(Role), "function"]
    message = {
        "type": "object",
        "properties": {"role": {"enum": roles}},
        "required": ["role"],
    }
    stream = {"type": "boolean", "default": False}
    optional = {"stream": stream, **OF_ANY, **more}
    return {
        "type": "object",
        "properties": {
            "model": TEXT,
            "messages": {**a_list(message), "minItems": 1},
            **{name: nullable(schema) for name, schema in optional.items()},
        },
        "anyOf": [{"required": ["messages"]}, given("resume")],
        **RESUMED,
    }


def an_embedding(required: list[str]) -> Schema:
    return {"type": "object", "properties": {"model": TEXT}, "required": required}


def ui_request(more: Mapping[str, Schema]) -> Schema:
    """What `useChat` posts; fields that are not named here are ignored."""
    tools = nullable({"anyOf": [more["tools"], {"type": "object"}]})
    stream = {"type": "boolean", "default": True}
    optional = {"chain": TEXT, "stream": stream, "end_user": END_USER, **OF_ANY, **more}
    return {
        "type": "object",
        "properties": {
            "messages": {**a_list(ref("UIMessage")), "minItems": 1},
            **{name: nullable(schema) for name, schema in optional.items()},
            "tools": tools,
        },
        "required": ["messages"],
    }


def ui_message() -> Schema:
    part = {"type": "object", "properties": {"type": STRING}, "required": ["type"]}
    return {
        "type": "object",
        "properties": {
            "id": STRING,
            "role": {"enum": ["system", "user", "assistant"]},
            "parts": nullable(a_list(part)),
            "content": nullable({"anyOf": [STRING, a_list(part)]}),
        },
        "required": ["role"],
        "anyOf": [given("parts"), given("content")],
    }


def run_agent_input(more: Mapping[str, Schema]) -> Schema:
    """What AG-UI's clients post; fields that are not named here are ignored."""
    message = {
        "type": "object",
        "properties": {"id": STRING, "role": STRING},
        "required": ["role"],
    }
    entry = {
        "type": "object",
        "properties": {
            "interruptId": STRING,
            "status": {"enum": ["resolved", "cancelled"]},
            "payload": {},
        },
        "required": ["interruptId", "status"],
    }
    props = {
        "chain": TEXT,
        "stream": {"type": "boolean", "default": True},
        "end_user": END_USER,
        **{name: OF_ANY[name] for name in ("inputs", "on_disconnect", "metadata")},
        **{name: schema for name, schema in more.items() if name != "tools"},
    }
    properties = {name: nullable(schema) for name, schema in props.items()}
    optional = {
        "threadId": STRING,
        "runId": STRING,
        "tools": a_list({"type": "object", "required": ["name"]}),
        "context": a_list({"type": "object"}),
        "forwardedProps": {"type": "object", "properties": properties},
        "resume": a_list(entry),
    }
    return {
        "type": "object",
        "properties": {
            "messages": a_list(message),
            **{name: nullable(schema) for name, schema in optional.items()},
        },
        "required": ["messages"],
    }


def response_request(more: Mapping[str, Schema]) -> Schema:
    """A request to OpenAI's Responses API; what is not named here is ignored."""
    named = {"type": "object", "properties": {"id": STRING}, "required": ["id"]}
    flag = {"type": "boolean", "default": False}
    item: Schema = {"type": "object"}
    optional = {
        "input": {"anyOf": [TEXT, {**a_list(item), "minItems": 1}]},
        "model": TEXT,
        "instructions": STRING,
        "stream": flag,
        "store": {"type": "boolean", "default": True},
        "background": flag,
        "previous_response_id": {"type": "string", "pattern": "^resp_[0-9a-f]{32}$"},
        "conversation": {"anyOf": [OF_ANY["thread_id"], named]},
        "tools": a_list(item),
        "text": item,
        "reasoning": item,
        "max_output_tokens": more["max_tokens"],
        **{name: more[name] for name in ("temperature", "top_p")},
        "parallel_tool_calls": more["parallel_tool_calls"],
        **OF_ANY,
    }
    return {
        "type": "object",
        "properties": {name: nullable(schema) for name, schema in optional.items()},
        "anyOf": [given("input"), given("resume")],
        **RESUMED,
    }
