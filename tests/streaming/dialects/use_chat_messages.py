"""Messages as the Vercel AI SDK's `useChat` posts them."""

from typing import Any


def message(role: str, *parts: Any) -> dict[str, Any]:
    return {"id": "m", "role": role, "parts": parts, "metadata": {"runId": "run"}}


def text(value: str) -> dict[str, Any]:
    return {"type": "text", "text": value, "state": "done"}
