"""The shapes of Azure OpenAI's chat completions, without state."""

import json

from tests.standin.steps import Annotation

MODEL = "gpt-4o-2024-11-20"
FINGERPRINT = "fp_57db37749c"

type Json = dict[str, object]


def verdict(blocked: str | None = None) -> Json:
    """Every category's result, *blocked* being the one that filtered."""
    categories = ("hate", "self_harm", "sexual", "violence")
    return {
        name: {"filtered": True, "severity": "high"}
        if name == blocked
        else {"filtered": False, "severity": "safe"}
        for name in categories
    }


SAFE = verdict()
PROMPT_SAFE: Json = {**SAFE, "jailbreak": {"filtered": False, "detected": False}}
BLOCKED = verdict("violence")


def dumps(value: object) -> str:
    """Compact, with U+2028 and its like unescaped, which is the harder case."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def frame(value: object) -> bytes:
    """One event."""
    return f"data: {dumps(value)}\n\n".encode()


def anonymous(choices: list[Json], **more: object) -> Json:
    """A chunk of the content filter: it does not say which completion it is about."""
    head = {"id": "", "object": "", "created": 0, "model": ""}
    return {**head, "choices": choices, **more}


def annotated(annotation: Annotation) -> Json:
    """A choice without `delta`."""
    return {
        "index": 0,
        "finish_reason": "content_filter" if annotation.blocked else None,
        "content_filter_results": BLOCKED if annotation.blocked else SAFE,
        "content_filter_raw": [],
        "content_filter_offsets": {
            "check_offset": annotation.start,
            "start_offset": annotation.start,
            "end_offset": annotation.end,
        },
    }


def tool_call(index: int, name: str, arguments: str = "") -> Json:
    """A call as the message has it."""
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_standin{index}", "type": "function", "function": function}


def failure(message: str) -> Json:
    """The server's own failure."""
    kind = "server_error"
    return {"error": {"message": message, "code": kind, "type": kind}}
