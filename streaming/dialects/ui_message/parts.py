"""The parts of a Vercel AI SDK UI message: as chunks, and put together from them.

The chunks' keys are those of the SDK's first version of the stream, which refuses any
other.
"""

from collections.abc import Collection, Iterable, Iterator
from mimetypes import MimeTypes
from typing import Literal

from streaming.events import Citation, Interrupt, ToolCall, ToolResult

UIMessageChunk = dict[str, object]
UIMessagePart = dict[str, object]

_MEDIA_TYPES = MimeTypes()


class Parts:
    """The parts of one answer; the page knows the tools of the names *known*."""

    def __init__(self, known: Collection[str | None] = ()) -> None:
        self._known = known
        self._open: Literal["text", "reasoning"] | None = None
        self._delta: UIMessageChunk = {}
        self._count = 0
        self._called: set[str] = set()
        self._waiting: set[str] = set()
        self._asked: set[str] = set()
        self._answered = False

    def say(
        self, kind: Literal["text", "reasoning"], text: str
    ) -> Iterator[UIMessageChunk]:
        if self._open != kind:
            yield from self._begin()
            self._count += 1
            self._open = kind
            self._delta = {"type": f"{kind}-delta", "id": str(self._count)}
            yield {**self._delta, "type": f"{kind}-start"}
        yield {**self._delta, "delta": text}

    def call(self, call: ToolCall) -> Iterator[UIMessageChunk]:
        """A tool call, dynamic unless the page knows the tool."""
        yield from self._begin()
        call_id = call.id or call.name
        self._called.add(call_id)
        self._waiting.add(call_id)
        dynamic = {} if call.name in self._known else {"dynamic": True}
        yield {
            "type": "tool-input-available",
            "toolCallId": call_id,
            "toolName": call.name,
            "input": call.args,
            **dynamic,
        }
        if isinstance(call.args, str):
            # The SDK's first releases do not know `tool-input-error`.
            yield {
                "type": "tool-output-error",
                "toolCallId": call_id,
                "errorText": "The arguments are not a JSON object.",
                "providerExecuted": True,
                **dynamic,
            }
            self._note_answered(call_id)

    def result(self, result: ToolResult) -> Iterator[UIMessageChunk]:
        """A tool's result; a call that was not sent yet is sent first."""
        call_id = result.id or result.name
        if call_id not in self._called:
            yield from self.call(ToolCall(result.deployment, call_id, result.name, {}))
        # The SDK's first release looks for the call by it.
        dynamic = {} if result.name in self._known else {"dynamic": True}
        yield {
            "type": "tool-output-available",
            "toolCallId": call_id,
            "output": result.content,
            # The page may not take it for a result of its own, and ask again.
            "providerExecuted": True,
            **dynamic,
        }
        self._note_answered(call_id)

    def ask(self, interrupt: Interrupt) -> Iterator[UIMessageChunk]:
        """A question to a person, as a tool call that waits for their approval.

        It is in a step of its own: the SDK asks again by itself once a step's calls are
        all answered, and of those before some may wait for this.
        """
        if self._called and not self._asked:
            self._answered = True
        self._asked.add(interrupt.id)
        args = {"value": interrupt.value}
        yield from self.call(ToolCall("", interrupt.id, "interrupt", args))
        yield {
            "type": "tool-approval-request",
            "approvalId": interrupt.id,
            "toolCallId": interrupt.id,
        }

    def _note_answered(self, call_id: str) -> None:
        self._waiting.discard(call_id)
        self._answered = True

    def close(self) -> Iterator[UIMessageChunk]:
        if self._open is not None:
            yield {**self._delta, "type": f"{self._open}-end"}
            self._open = None

    def end(self) -> Iterator[UIMessageChunk]:
        yield from self.close()
        if not self._waiting:
            yield from self._next_step()

    def _begin(self) -> Iterator[UIMessageChunk]:
        yield from self.close()
        yield from self._next_step()

    def _next_step(self) -> Iterator[UIMessageChunk]:
        if self._answered:
            # The SDK asks again by itself while the last step is an answered call.
            self._answered = False
            yield {"type": "finish-step"}
            yield {"type": "start-step"}


def source(citation: Citation) -> UIMessageChunk:
    """A link if the source has a page, else a document by its name."""
    if citation.url.startswith(("https://", "http://")):
        link: UIMessageChunk = {
            "type": "source-url",
            "sourceId": citation.id,
            "url": citation.url,
        }
        return {**link, "title": citation.title} if citation.title else link
    name = citation.url.partition("#")[0]
    document: UIMessageChunk = {
        "type": "source-document",
        "sourceId": citation.id,
        "mediaType": _MEDIA_TYPES.guess_file_type(name)[0] or "text/plain",
        "title": citation.title,
    }
    return {**document, "filename": name} if name else document


def message(chunks: Iterable[UIMessageChunk]) -> dict[str, object]:
    """The whole message that *chunks* make."""
    made: dict[str, object] = {"id": "", "role": "assistant"}
    parts: list[UIMessagePart] = []
    texts: dict[str, list[str]] = {}
    tools: dict[str, UIMessagePart] = {}
    for chunk in chunks:
        match chunk:
            case {"type": "start", "messageId": message_id}:
                made["id"] = message_id
            case {"type": "start-step"}:
                parts.append({"type": "step-start"})
            case {"type": "text-start" | "reasoning-start" as kind, "id": str(key)}:
                texts[key] = []
                name = kind.removesuffix("-start")
                parts.append({"type": name, "id": key, "state": "done"})
            case {"id": str(key), "delta": str(piece)}:
                texts[key].append(piece)
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
    return {**made, "parts": [_with_text(part, texts) for part in parts]}


def _tool(chunk: UIMessageChunk) -> UIMessagePart:
    called = {name: chunk[name] for name in ("toolCallId", "input")}
    part = {**called, "state": "input-available"}
    name = str(chunk["toolName"])
    if "dynamic" in chunk:
        return {"type": "dynamic-tool", "toolName": name, **part}
    return {"type": f"tool-{name}", **part}


def _ended(chunk: UIMessageChunk, field: str) -> UIMessagePart:
    state = "output-available" if field == "output" else "output-error"
    return {"state": state, field: chunk[field], "providerExecuted": True}


def _with_text(part: UIMessagePart, texts: dict[str, list[str]]) -> UIMessagePart:
    match part:
        case {"type": "text", "id": str(key)}:
            return {"type": "text", "text": "".join(texts[key]), "state": "done"}
        case {"type": "reasoning", "id": str(key)}:
            return {**part, "text": "".join(texts[key])}
        case _:
            return part
