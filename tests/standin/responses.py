"""One answer of the Responses API, made of the same steps as a chat completion.

See: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

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

PART = {"content": "output_text", "refusal": "refusal"}
"""The part of a message that has a text of each kind."""

WHY = {"length": "max_output_tokens", "content_filter": "content_filter"}


def items_of(body: Json) -> list[Json]:
    """The input as a list, whichever way it was sent."""
    asked = body["input"]
    if isinstance(asked, str):
        return [{"type": "message", "role": "user", "content": asked}]
    return asked if isinstance(asked, list) else []


def as_chat(body: Json) -> ChatRequest:
    """The request in the words of chat completions, as far as an answer needs it."""
    messages = []
    for item in items_of(body):
        role = item.get("role") or ("tool" if "output" in item else "assistant")
        content = item.get("content") or ""
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        message: Json = {"role": role, "content": content}
        if "arguments" in item:
            message["tool_calls"] = [{"function": {"name": item["name"]}}]
        messages.append(message)
    options = {"include_usage": True}
    known = {"messages": messages, "stream_options": options}
    return ChatRequest.model_validate(known | body | wishes(body))


def wishes(body: Json) -> Json:
    """The tools and the form that *body* asks for, as chat completions have them."""
    found: Json = {}
    if isinstance(tools := body.get("tools"), list):
        functions = [each for each in tools if each["type"] == "function"]
        found["tools"] = [{"function": each} for each in functions]
    choice = body.get("tool_choice")
    if isinstance(choice, dict):
        found["tool_choice"] = {"function": choice}
    text = body.get("text")
    form = text.get("format") if isinstance(text, dict) else None
    if form is not None:
        schema = form if "schema" in form else None
        found["response_format"] = {"type": form["type"], "json_schema": schema}
    return found


@dataclass
class Item:
    """An item of the answer: a message, what was thought, or a call."""

    key: str
    id: str
    at: int
    name: str = ""
    text: str = ""
    closed: bool = False

    @property
    def place(self) -> Json:
        part = "summary" if self.key == "reasoning_content" else "content"
        index = {} if self.called else {f"{part}_index": 0}
        return {"output_index": self.at, "item_id": self.id, **index}

    @property
    def called(self) -> bool:
        return self.key.startswith("call")

    @property
    def part(self) -> Json:
        match self.key:
            case "reasoning_content":
                return {"type": "summary_text", "text": self.text}
            case "refusal":
                return {"type": "refusal", "refusal": self.text}
            case _:
                more: Json = {"annotations": [], "logprobs": []}
                return {"type": "output_text", "text": self.text, **more}

    def whole(self, status: str) -> Json:
        parts = [self.part] if status != "in_progress" else []
        match self.key:
            case "reasoning_content":
                return {"id": self.id, "type": "reasoning", "summary": parts}
            case "content" | "refusal":
                message = {"type": "message", "role": "assistant", "content": parts}
                return {"id": self.id, "status": status, **message}
            case _:
                call = {"type": "function_call", "name": self.name}
                call["arguments"] = self.text if parts else ""
                call["call_id"] = f"call_{self.id}"
                return {"id": self.id, "status": status, **call}


class Response(Completion):
    """One answer on its way out: items in the order in which they begin."""

    def __init__(self, body: Json, *, prompt_tokens: int, cached_tokens: int) -> None:
        super().__init__(prompt_tokens=prompt_tokens, cached_tokens=cached_tokens)
        self.id = f"resp_{uuid4().hex}{uuid4().hex[:16]}"
        self.status = "queued" if body.get("background") else "in_progress"
        self._body, self._items = body, list[Item]()
        self._reason: str | None = None
        self._error: Json | None = None
        self._number = -1

    def encode(self, chunk: Chunk) -> bytes:
        begun = b""
        if self._number < 0:
            begun = self._event("response.created", response=self.response())
            self.status = "in_progress"
            begun += self._event("response.in_progress", response=self.response())
        return begun + self._encoded(chunk)

    def _encoded(self, chunk: Chunk) -> bytes:
        match chunk:
            case Text(text, kind):
                self.completion_tokens += bool(text)
                self.reasoning_tokens += kind == "reasoning_content"
                return self._said(kind, text)
            case ToolCall(index, name):
                self.completion_tokens += 1
                return self._item(f"call{index}", name)[1]
            case Arguments(index, text):
                self.completion_tokens += 1
                return self._said(f"call{index}", text)
            case Finish(reason):
                self._reason = reason
                return b""
            case Annotation(blocked=True):
                self._reason = "content_filter"
                return b""
            case Done():
                return self._ended()
            case ErrorEvent(message):
                self._error = {"code": "server_error", "message": message}
                self.status = "failed"
                return self._event("response.failed", response=self.response())
            case Raw(payload):
                return payload
            case _:
                return b""

    def _said(self, key: str, text: str) -> bytes:
        item, begun = self._item(key)
        item.text += text
        more: Json = {"logprobs": []} if key == "content" else {}
        return begun + self._event(
            f"{self._kind(item)}.delta", delta=text, **item.place, **more
        )

    def _kind(self, item: Item) -> str:
        if item.called:
            return "response.function_call_arguments"
        if item.key == "reasoning_content":
            return "response.reasoning_summary_text"
        return f"response.{PART[item.key]}"

    def _part_kind(self, item: Item) -> str:
        is_summary = item.key == "reasoning_content"
        return f"response.{'reasoning_summary' if is_summary else 'content'}_part"

    def _item(self, key: str, name: str = "") -> tuple[Item, bytes]:
        """The open item called *key*, and the events with which it begins."""
        for item in self._items:
            if item.key == key and not item.closed:
                return item, b""
        prefix = {"content": "msg", "refusal": "msg", "reasoning_content": "rs"}
        item_id = f"{prefix.get(key, 'fc')}_{uuid4().hex}"
        closed = self._close()
        item = Item(key, item_id, len(self._items), name)
        self._items.append(item)
        begun = self._event(
            "response.output_item.added",
            output_index=item.at,
            item=item.whole("in_progress"),
        )
        if not item.called:
            kind = f"{self._part_kind(item)}.added"
            begun += self._event(kind, part=item.part, **item.place)
        return item, closed + begun

    def _close(self) -> bytes:
        closed = b""
        for item in self._items:
            if item.closed:
                continue
            item.closed = True
            name = "arguments" if item.called else PART.get(item.key, "text")
            name = {"output_text": "text"}.get(name, name)
            said = {name: item.text, **item.place}
            if item.key == "content":
                said["logprobs"] = []
            if item.called:
                said["name"] = item.name
            closed += self._event(f"{self._kind(item)}.done", **said)
            if not item.called:
                kind = f"{self._part_kind(item)}.done"
                closed += self._event(kind, part=item.part, **item.place)
            whole = item.whole("completed")
            kind = "response.output_item.done"
            closed += self._event(kind, output_index=item.at, item=whole)
        return closed

    def _ended(self) -> bytes:
        closed = self._close()
        self.status = "incomplete" if self._reason in WHY else "completed"
        kind = f"response.{self.status}"
        return closed + self._event(kind, response=self.response())

    def _event(self, kind: str, **more: object) -> bytes:
        self._number += 1
        event = {"type": kind, "sequence_number": self._number, **more}
        return f"event: {kind}\ndata: {dumps(event)}\n\n".encode()

    def response(self) -> Json:
        """It as far as it is made."""
        over = self.status in ("completed", "incomplete", "failed")
        reason = WHY.get(self._reason or "") if over else None
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created,
            "status": self.status,
            "background": bool(self._body.get("background")),
            "error": self._error,
            "incomplete_details": {"reason": reason} if reason else None,
            "instructions": self._body.get("instructions"),
            "model": MODEL,
            "output": [item.whole("completed") for item in self._items] if over else [],
            "parallel_tool_calls": True,
            "previous_response_id": self._body.get("previous_response_id"),
            "store": self._body.get("store") is not False,
            "tool_choice": "auto",
            "tools": self._body.get("tools") or [],
            "usage": self.counts() if over else None,
            "metadata": self._body.get("metadata") or {},
        }

    def counts(self) -> Json:
        return {
            "input_tokens": self.prompt_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_tokens},
            "output_tokens": self.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        }

    def whole(self, chunks: Iterable[Chunk]) -> Json:
        for chunk in chunks:
            self.encode(chunk)
        return self.response()
