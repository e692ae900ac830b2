"""The two APIs that are proxied: how an answer is read, and what is added to it."""

from time import time
from typing import TYPE_CHECKING, Protocol

from proxy.body_tap import BodyTap
from proxy.responses_tap import ResponsesBodyTap, ResponsesTap
from proxy.tap import StreamTap, Tap
from runs import ModelCall, Run
from streaming import sse
from streaming.dialects import openai as wire
from streaming.dialects.openai.cut import cut
from streaming.errors import ChatError

if TYPE_CHECKING:
    from azure_openai.reply import Reply


class Api(Protocol):
    def tap(self, answer: "Reply", run: Run, call: ModelCall, *, asked: bool) -> Tap:
        """What reads *answer*; *asked* is whether this server asked for usage."""

    def error(self, error: ChatError, request_id: str) -> bytes:
        """The event that ends a stream with *error*."""

    def cut(self, run: Run) -> bytes:
        """The end of a stream that a budget has cut."""


class CompletionsApi:
    """Chat completions and embeddings."""

    def tap(self, answer: "Reply", run: Run, call: ModelCall, *, asked: bool) -> Tap:
        if answer.streams:
            return StreamTap(run, call, asked=asked)
        return BodyTap(run, call, status=answer.status, plain=answer.plain)

    def error(self, error: ChatError, request_id: str) -> bytes:
        return b"data: %b\n\n" % wire.error(error, request_id)

    def cut(self, run: Run) -> bytes:
        return cut(run.deployment, run.id)


class ResponsesApi:
    """The Responses API, whose events are numbered."""

    def __init__(self) -> None:
        self._tap: ResponsesTap | None = None

    def tap(self, answer: "Reply", run: Run, call: ModelCall, *, asked: bool) -> Tap:
        if answer.streams:
            self._tap = ResponsesTap(run, call)
            return self._tap
        return ResponsesBodyTap(run, call, status=answer.status, plain=answer.plain)

    def error(self, error: ChatError, request_id: str) -> bytes:
        """Both as the API documents it and as it is, so that every SDK raises it."""
        said = wire.error_object(error)
        flat = {name: said[name] for name in ("code", "message", "param")}
        return self._event("error", **flat, error=said)

    def cut(self, run: Run) -> bytes:
        usage, text = run.usage, "".join(run.content)
        item_id = self._tap.item_id if self._tap else ""
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {
            "type": "message",
            "id": item_id,
            "role": "assistant",
            "status": "incomplete",
            "content": [part],
        }
        counts = {
            "input_tokens": usage.input_tokens,
            "input_tokens_details": {"cached_tokens": usage.cached_tokens},
            "output_tokens": usage.output_tokens,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
            "total_tokens": usage.total_tokens,
        }
        response = {
            "id": self._tap.response_id if self._tap else "",
            "object": "response",
            "created_at": int(time()),
            "model": run.deployment,
            "status": "incomplete",
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"},
            "output": [item] if text else [],
            "usage": counts,
        }
        return self._event("response.incomplete", response=response)

    def _event(self, kind: str, **fields: object) -> bytes:
        number = self._tap.number + 1 if self._tap else 0
        event = {"type": kind, "sequence_number": number, **fields}
        return sse.encode(event, event=kind)
