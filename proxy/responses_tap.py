"""What is read of an answer of the Responses API while its bytes go by.

See: https://platform.openai.com/docs/api-reference/responses-streaming
"""

import re
from collections.abc import Mapping
from time import monotonic

from azure_openai import outcome
from azure_openai.outcome import JsonValue, as_list, as_object
from proxy import estimate
from proxy.body_tap import USAGE, BodyTap
from proxy.tap import StreamTap, data_of
from runs import ModelCall, Run
from streaming.errors import Cancelled, ChatError
from streaming.events import FinishReason, Usage

START = 4 * 1024
"""Bytes that are kept of a long event's beginning, which has its type and its id."""

END = 16 * 1024
"""Bytes that are kept of its end, which has the usage."""

TEXT = "response.output_text.delta"

ENDED = ("completed", "incomplete", "failed", "cancelled")
"""What a response is that is over."""

FINISHED: Mapping[str, FinishReason] = {
    "completed": "stop",
    "incomplete": "length",
    "queued": "stop",
    "in_progress": "stop",
}
"""Why an answer ends that is a response of this status; of one that is made in the
background there is no more to say."""

_TYPE = re.compile(rb'(?:\A|[\r\n])event: ?([\w.]+)|"type"\s*:\s*"([\w.]+)"')
_WHOLE_ITEM = re.compile(
    rb'response\.output_item\.done.{,200}?"output_index"\s*:\s*(\d+)', re.S
)
_ID = re.compile(rb'"id"\s*:\s*"([\w-]+)"')
_STATUS = re.compile(rb'"status"\s*:\s*"(\w+)"')
_REASON = re.compile(rb'"incomplete_details"\s*:\s*\{\s*"reason"\s*:\s*"(\w+)"')


class ResponsesTap(StreamTap):
    """Reads the events of a stream; the one that ends it has the usage."""

    def __init__(self, run: Run, call: ModelCall) -> None:
        super().__init__(run, call, asked=False)
        self.response_id = self.item_id = ""
        self.number = -1
        self._spelled: set[object] = set()
        self._long, self._size = b"", 0
        self._is_delta = False

    def _event(self, event: bytes) -> bool:
        name, _, data = event.partition(b"\ndata: ")
        if event.count(b"\n") != 3 or name[:6] != b"event:" or b"\r" in event:
            data = data_of(event)  # It is not framed as nearly all are.
        if data.startswith(b"[DONE]"):  # Some servers end every stream so.
            self.done = self._run.spoken = True
            return False
        try:
            if data:
                self._said(as_object(outcome.loads(data)))
        except Exception:  # Whatever it is, it is for the caller to read.
            return False
        return False

    def _said(self, event: dict[str, JsonValue]) -> None:
        kind, number = str(event.get("type")), event.get("sequence_number")
        self._run.active_at = monotonic()
        if isinstance(number, int):
            self.number = number
        if kind.endswith(".delta"):
            self._delta(kind, event)
        elif kind == "response.output_item.done":
            self._item(event)
        elif kind == "error":
            said = event.get("error") or {**event}
            self.error, self._run.spoken = outcome.error(said), True
        elif response := as_object(event.get("response")):
            self._response(response)

    def _delta(self, kind: str, event: dict[str, JsonValue]) -> None:
        self._spelled.add(event.get("output_index"))
        if kind == TEXT:
            self.item_id = str(event.get("item_id") or "")
        self._show(estimate.written(event.get("delta")), is_text=kind == TEXT)

    def _item(self, event: dict[str, JsonValue]) -> None:
        """Read a whole item, of which some providers send no pieces."""
        if event.get("output_index") not in self._spelled:
            self._spelled.add(event.get("output_index"))
            for text, is_text in _texts(as_object(event.get("item"))):
                self._show(text, is_text=is_text)

    def _show(self, text: str, *, is_text: bool) -> None:
        self._chunks += 1
        if text:
            self._run.spoken = True
            self._visible += 1
            (self._run.content if is_text else self.unrecorded).append(text)
            self._call.output_bytes += len(text)

    def _response(self, response: dict[str, JsonValue]) -> None:
        self.response_id = self.response_id or str(response.get("id") or "")
        self._call.model = self._call.model or str(response.get("model") or "")
        if response.get("status") not in ENDED:
            return
        if not self._spelled:
            for item in as_list(response.get("output")):
                self._item({"output_index": len(self._spelled), "item": item})
        self.done = self._run.spoken = True
        self.error = _ended(response, self._call) or self.error

    def _pass(self, piece: bytes, start: int) -> int:
        end = len(piece.rstrip(b"\r\n"))
        if not self._passing:
            found = _TYPE.search(piece, start, start + START)
            kind = (found[1] or found[2]) if found else b""
            self._is_delta = not kind or kind.endswith(b".delta")
            self._long, self._size = b"", 0
        if self._is_delta:
            return super()._pass(piece, start)
        self._passing = True
        self._keep(piece[start:end])
        return end

    def _keep(self, more: bytes) -> None:
        self._size += len(more)
        long = self._long + more
        if len(long) > START + END:
            long = long[:START] + long[-END:]
        self._long = long

    def _passed(self, rest: bytes) -> None:
        if self._is_delta:
            super()._passed(rest)
            return
        self._keep(rest)
        self._run.active_at = monotonic()
        start = self._long[:START]
        if found := _WHOLE_ITEM.search(start):
            if int(found[1]) not in self._spelled:
                self._run.unread = self._run.spoken = True
                self.unread_bytes += self._size
        elif b'"response"' in start:
            self._response(_glimpse(start, self._long[START:]))


class ResponsesBodyTap(BodyTap):
    """Reads a response, or what is answered about one."""

    def _answer(self, answer: dict[str, JsonValue]) -> None:
        if self._status >= 400:
            super()._answer(answer)
            return
        self.response_id = str(answer.get("id") or "")
        self._call.model = str(answer.get("model") or "")
        self.error = _ended(answer, self._call)
        for item in as_list(answer.get("output")):
            for text, is_text in _texts(as_object(item)):
                (self._run.content if is_text else self.unrecorded).append(text)
        if self._run.content or self.unrecorded:
            self._run.timing.note_visible(monotonic())

    def _read_end(self) -> None:
        self._run.unread = True
        response = _glimpse(self._start, self._kept) if self._plain else {}
        self.response_id = str(response.get("id") or "")
        self.error = _ended(response, self._call)


def _ended(response: dict[str, JsonValue], call: ModelCall) -> ChatError | None:
    """Note how *response* has ended; its error, if it has one.

    One that is still being made in the background has used nothing yet.
    """
    status = response.get("status")
    if usage := response.get("usage"):
        call.usage = outcome.usage(usage) or call.usage
    elif status in ("queued", "in_progress"):
        call.usage = Usage()
    if status == "failed" or response.get("error"):
        return outcome.error(response.get("error"))
    if status == "cancelled":
        return Cancelled()
    reason = as_object(response.get("incomplete_details")).get("reason")
    if reason == "content_filter":
        call.note_finish(reason)
    elif isinstance(status, str) and status in FINISHED:
        call.note_finish(FINISHED[status])
    return None


def _glimpse(start: bytes, end: bytes) -> dict[str, JsonValue]:
    """What is most needed of a response of which only *start* and *end* are kept."""
    found: dict[str, JsonValue] = {}
    for name, pattern in (("id", _ID), ("status", _STATUS)):
        if said := pattern.search(start):
            found[name] = said[1].decode()
    if said := _REASON.search(start):
        found["incomplete_details"] = {"reason": said[1].decode()}
    if said := USAGE.search(end):
        found["usage"] = outcome.loads(said[1])
    return found


def _texts(item: dict[str, JsonValue]) -> list[tuple[str, bool]]:
    """What the model wrote in *item*, and whether each is text of the answer."""
    texts = [
        (estimate.written(item.get(name)), False) for name in ("arguments", "input")
    ]
    for part in (*as_list(item.get("content")), *as_list(item.get("summary"))):
        said = as_object(part)
        is_text = said.get("type") == "output_text"
        text = said.get("refusal") if "refusal" in said else said.get("text")
        texts.append((estimate.written(text), is_text))
    return [(text, is_text) for text, is_text in texts if text]
