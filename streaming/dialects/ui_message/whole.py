"""A Vercel AI SDK UI message, put together from its chunks."""

from collections.abc import Iterable

from streaming.dialects._answer import Fields


def message(chunks: Iterable[Fields]) -> Fields:
    made: Fields = {"id": "", "role": "assistant"}
    parts: list[Fields] = []
    said: Fields = {}
    pieces: list[str] = []
    tools: dict[str, Fields] = {}
    for chunk in chunks:
        match chunk:
            case {"type": "start", "messageId": message_id}:
                made["id"] = message_id
            case {"type": "start-step"}:
                parts.append({"type": "step-start"})
            case {"type": "text-start"}:
                said = {"type": "text", "text": "", "state": "done"}
                parts.append(said)
            case {"type": "reasoning-start", "id": key}:
                said = {"type": "reasoning", "id": key, "state": "done"}
                parts.append(said)
            case {"delta": str(piece)}:
                pieces.append(piece)
            case {"type": "text-end" | "reasoning-end"}:
                said["text"] = "".join(pieces)
                pieces.clear()
            case {"type": "tool-input-available", "toolCallId": str(call_id)}:
                tools[call_id] = _tool(chunk)
                parts.append(tools[call_id])
            case {"approvalId": approval, "toolCallId": str(call_id)}:
                waits = {"state": "approval-requested", "approval": {"id": approval}}
                tools[call_id] |= waits
            case {"output": _, "toolCallId": str(call_id)}:
                tools[call_id] |= _ended(chunk, "output")
            case {"errorText": _, "toolCallId": str(call_id)}:
                tools[call_id] |= _ended(chunk, "errorText")
            case {"type": "source-url" | "source-document" | "data-custom"}:
                parts.append(chunk)
            case {"type": "finish", "messageMetadata": metadata}:
                made["metadata"] = metadata
    return {**made, "parts": parts}


def _tool(chunk: Fields) -> Fields:
    called = {name: chunk[name] for name in ("toolCallId", "input")}
    part = {**called, "state": "input-available"}
    name = str(chunk["toolName"])
    if "dynamic" in chunk:
        return {"type": "dynamic-tool", "toolName": name, **part}
    return {"type": f"tool-{name}", **part}


def _ended(chunk: Fields, field: str) -> Fields:
    state = "output-available" if field == "output" else "output-error"
    return {"state": state, field: chunk[field], "providerExecuted": True}
