"""One answer of the Responses API, made of the same steps as a chat completion.

See: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Iterable

from tests.standin.completion import Completion
from tests.standin.directive import ChatRequest
from tests.standin.steps import (
    Annotation,
    Arguments,
    Chunk,
    Done,
    ErrorEvent,
    Finish,
    Raw,
    Text,
    ToolCall,
)
from tests.standin.wire import MODEL, Json, dumps

ID = "resp_standin"
PARTS = {"content": "output_text", "refusal": "refusal"}
DELTAS = {
    "content": "response.output_text.delta",
    "refusal": "response.refusal.delta",
    "reasoning_content": "response.reasoning_summary_text.delta",
}


def as_chat(body: Json) -> ChatRequest:
    """The request in the words of chat completions, as far as an answer needs it."""
    messages = []
    asked = body["input"]
    for item in asked if isinstance(asked, list) else []:
        role = item.get("role") or ("tool" if "output" in item else "assistant")
        content = item.get("content") or ""
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        messages.append({"role": role, "content": content})
    options = {"include_usage": True}
    known = {"messages": messages, "stream_options": options}
    return ChatRequest.model_validate(known | body)


class Response(Completion):
    """One answer on its way out: items in the order in which they begin."""

    def __init__(self, *, prompt_tokens: int, cached_tokens: int = 0) -> None:
        super().__init__(prompt_tokens=prompt_tokens, cached_tokens=cached_tokens)
        self._items: list[Json] = []
        self._texts: dict[int, str] = {}
        self._reason: str | None = None
        self._number = -1

    def encode(self, chunk: Chunk) -> bytes:
        created = b""
        if self._number < 0:
            created = self._event("response.created", response=self._response("queued"))
        return created + self._encoded(chunk)

    def _encoded(self, chunk: Chunk) -> bytes:
        match chunk:
            case Text(text, kind):
                self.completion_tokens += bool(text)
                self.reasoning_tokens += kind == "reasoning_content"
                at, begun = self._item(kind)
                self._texts[at] += text
                place = {"output_index": at, "item_id": self._items[at]["id"]}
                part = "summary" if kind == "reasoning_content" else "content"
                place[f"{part}_index"] = 0
                return begun + self._event(DELTAS[kind], delta=text, **place)
            case ToolCall(index, name):
                self.completion_tokens += 1
                at, begun = self._item(f"call{index}", name)
                return begun
            case Arguments(index, text):
                self.completion_tokens += 1
                at, begun = self._item(f"call{index}")
                self._texts[at] += text
                place = {"output_index": at, "item_id": self._items[at]["id"]}
                more = "response.function_call_arguments.delta"
                return self._event(more, delta=text, **place)
            case Finish(reason):
                self._reason = reason
                return b""
            case Annotation(blocked=True):
                self._reason = "content_filter"
                return b""
            case Done():
                return self._ended()
            case ErrorEvent(message):
                error = {"code": "server_error", "message": message}
                failed = {**self._response("failed"), "error": error}
                return self._event("response.failed", response=failed)
            case Raw(payload):
                return payload
            case _:
                return b""

    def _ended(self) -> bytes:
        declined = b""
        for at, item in enumerate(self._items):
            if item["id"] == "refusal":
                place = {"output_index": at, "content_index": 0, "item_id": "refusal"}
                text = self._texts[at]
                declined += self._event("response.refusal.done", refusal=text, **place)
        response = self.response()
        return declined + self._event(
            f"response.{response['status']}", response=response
        )

    def _item(self, key: str, name: str = "") -> tuple[int, bytes]:
        """Where the item called *key* is, and the event with which it begins."""
        for at, item in enumerate(self._items):
            if item["id"] == key:
                return at, b""
        item = {"id": key, "status": "in_progress"}
        match key:
            case "reasoning_content":
                item |= {"type": "reasoning", "summary": []}
            case "content" | "refusal":
                item |= {"type": "message", "role": "assistant", "content": []}
            case _:
                call = {"call_id": f"call_standin{key[4:]}", "name": name}
                item |= {"type": "function_call", "arguments": "", **call}
        at = len(self._items)
        self._items.append(item)
        self._texts[at] = ""
        begun = self._event("response.output_item.added", output_index=at, item=item)
        if key != "reasoning_content":
            return at, begun
        part = {"type": "summary_text", "text": ""}
        place = {"output_index": at, "summary_index": 0, "item_id": key}
        kind = "response.reasoning_summary_part.added"
        return at, begun + self._event(kind, part=part, **place)

    def _event(self, kind: str, **more: object) -> bytes:
        self._number += 1
        event = {"type": kind, "sequence_number": self._number, **more}
        return f"event: {kind}\ndata: {dumps(event)}\n\n".encode()

    def _response(self, status: str, **more: object) -> Json:
        return {
            **{"id": ID, "object": "response", "created_at": 1, "model": MODEL},
            **{"status": status, "error": None, "incomplete_details": None},
            **{"output": [], "usage": None, "tools": [], "tool_choice": "auto"},
            "parallel_tool_calls": True,
            **more,
        }

    def response(self) -> Json:
        """The whole of it."""
        why = {"length": "max_output_tokens", "content_filter": "content_filter"}
        details = {"reason": why[self._reason]} if self._reason in why else None
        return self._response(
            "incomplete" if details else "completed",
            incomplete_details=details,
            output=[self._whole(at, item) for at, item in enumerate(self._items)],
            usage={
                "input_tokens": self.prompt_tokens,
                "output_tokens": self.completion_tokens,
                "total_tokens": self.prompt_tokens + self.completion_tokens,
                "input_tokens_details": {"cached_tokens": self.cached_tokens},
                "output_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            },
        )

    def _whole(self, at: int, item: Json) -> Json:
        text, done = self._texts[at], {**item, "status": "completed"}
        match item["id"]:
            case "reasoning_content":
                return {**done, "summary": [{"type": "summary_text", "text": text}]}
            case "content":
                part = {"type": "output_text", "text": text, "annotations": []}
                return {**done, "content": [part]}
            case "refusal":
                return {**done, "content": [{"type": "refusal", "refusal": text}]}
            case _:
                return {**done, "arguments": text}

    def whole(self, chunks: Iterable[Chunk]) -> Json:
        for chunk in chunks:
            self.encode(chunk)
        return self.response()
