"""Named schemas: the events of each stream, whole answers, errors."""

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import TypeAdapter

from streaming import errors, events
from telemetry.usage.tally import SHARES

Schema = dict[str, Any]  # As pydantic types the schemas that it makes.

STRING: Schema = {"type": "string"}
MILLISECONDS: Schema = {"type": "integer", "minimum": 0}
REFERENCE = "#/components/schemas/{model}"
WRONG_KEY = {"description": "No key, or a wrong one; a host says no more."}


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


def json_body(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def schemas() -> Schema:
    found: Schema = {}
    for name in ("ToolCall", "ToolResult", "Citation", "Redact", "Custom", "Usage"):
        kind = getattr(events, name)
        schema = TypeAdapter(kind).json_schema(ref_template=REFERENCE)
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found | answers() | reports() | threads() | failures()


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
    done = an_object(**deployment, **ending)
    for each in (answer, done):
        each["properties"]["kept"] = {"const": False}
    return {
        "Delta": an_object(**deployment, delta_content=STRING),
        "Reasoning": an_object(**deployment, delta_reasoning=STRING),
        "ErrorEvent": an_object(**deployment, error=ref("Failure")),
        "Done": done,
        "Answer": answer,
        "DeltaEvent": an_object(delta=STRING),
        "Status": an_object(status={"enum": ["completed", "failed"]}),
        "Completion": {"type": "object", "required": ["id", "object", "choices"]},
    }


def reports() -> Schema:
    chain = an_object(name=STRING, description=STRING)
    return {
        "Model": an_object(
            id=STRING, object=STRING, created={"type": "integer"}, owned_by=STRING
        ),
        "Models": an_object(object=STRING, data=a_list(ref("Model"))),
        "Chains": an_object(
            default=STRING, chains=a_list(chain), threads={"type": "boolean"}
        ),
        "Chain": an_object(
            name=STRING,
            description=STRING,
            input_schema={"type": "object"},
            takes=a_list(STRING),
        ),
        **usage(),
        "Health": {
            "type": "object",
            "properties": {"status": {"enum": ["ok", "unavailable"]}},
            "required": ["status"],
        },
    }


def threads() -> Schema:
    listed = {"id": STRING, "title": STRING, "chain": STRING, "updated_at": STRING}
    pending = an_object(id=STRING, value={})
    return {
        "Threads": an_object(threads=a_list(an_object(**listed))),
        "Thread": an_object(
            id=STRING,
            chain=STRING,
            messages=a_list(ref("Message")),
            state={},
            pending=a_list(pending),
            updated_at=STRING,
        ),
        "DeletedThread": an_object(id=STRING, deleted={"const": True}),
    }


def usage() -> Schema:
    number: Schema = {"type": "number", "minimum": 0}
    count: Schema = {"type": "integer", "minimum": 0}
    nullable: Schema = {"type": ["string", "null"]}
    value: Schema = {"type": ["number", "null"]}
    spread = an_object(**dict.fromkeys(SHARES, value))
    tally = {
        **dict.fromkeys(("runs", "errors", "input_tokens", "output_tokens"), count),
        **dict.fromkeys(("cached_tokens", "reasoning_tokens"), count),
        "cost": {"type": "object", "additionalProperties": number},
        "time_to_first_token_ms": spread,
        "latency_ms": spread,
        "tokens_per_second": spread,
    }
    failed = an_object(run_id=STRING, timestamp=STRING, code=STRING, chain=nullable)
    totals, group = an_object(**tally), an_object(name=nullable, **tally)
    for each in (totals, group):
        each["properties"]["over"] = a_list(ref("UsageTime"))
    return {
        "UsageTime": an_object(time=STRING, **tally),
        "UsageTotals": totals,
        "UsageGroup": group,
        "UsageReport": an_object(
            **dict.fromkeys(("since", "until", "by"), STRING),
            totals=ref("UsageTotals"),
            groups=a_list(ref("UsageGroup")),
            errors=a_list(failed),
            instance=STRING,
        ),
        "RunReport": an_object(run={"type": "object"}, instance=STRING),
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


def all_errors(kind: type[errors.ChatError]) -> Iterable[type[errors.ChatError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from all_errors(child)


def codes() -> set[str]:
    return {kind.code for kind in all_errors(errors.ChatError)}


def statuses() -> list[int]:
    return sorted({kind.status for kind in all_errors(errors.ChatError)})
