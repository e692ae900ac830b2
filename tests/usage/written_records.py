"""Records of runs, as the journal has them."""

from typing import Any
from uuid import uuid4

import orjson

NOW = 1_800_000_000.0
"""2027-01-15T08:00:00Z, on the hour."""


def written(timestamp: str = "2027-01-15T07:30:00Z", **fields: Any) -> dict[str, Any]:
    """The record of a run without an error; *fields* replace what is in it."""
    usage = {
        "prompt_tokens": 7,
        "completion_tokens": 30,
        "total_tokens": 37,
        "cached_tokens": 2,
        "reasoning_tokens": 1,
        "estimated": False,
    }
    return {
        "schema": 1,
        "type": "stream_completion",
        "id": str(uuid4()),
        "timestamp": timestamp,
        "status": "ok",
        "prompt": [{"role": "user", "content": "a secret"}],
        "content": "a secret",
        "deployment": "gpt-4o",
        "backend": "127.0.0.1:9000",
        "chain": "chat",
        "usage": usage,
        "latency_ms": 2000,
        "time_to_first_chunk_ms": 1000,
        "streaming_duration_ms": 1000,
        "error": None,
        "principal": None,
        "cost": {"amount": 0.1, "currency": "EUR"},
        **fields,
    }


def lines(*each: dict[str, Any]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in each)
