"""One response: what it is at any moment, and the events of its life."""

from collections.abc import Iterator

from streaming import sse
from streaming.dialects._answer import Fields, Told
from streaming.dialects.responses import echo
from streaming.dialects.responses.output import ItemWriter
from streaming.errors import Cancelled, ChatError, InternalError
from streaming.events import Done, Event, Usage
from streaming.requests import ChatRequest

_CUT = {
    "length": "max_output_tokens",
    "budget": "max_output_tokens",
    "content_filter": "content_filter",
}
"""Why a response is incomplete."""

_CODES = {"context_length_exceeded": "context_length_exceeded"}
_CODES_OF = {409: "server_error", 429: "rate_limit_exceeded"}
"""What clients look for, by our codes, else by the status."""


class ResponseWriter(ItemWriter):
    """The response that answers *request*, as far as its events are `written`."""

    END = sse.DONE

    def __init__(self, request: ChatRequest) -> None:
        run, chain = request.run_id.replace("-", ""), request.chain or ""
        super().__init__(run, chain, request.caller_tools.names)
        self._request, self._after, self._number = request, request.response.after, -1
        self._error: ChatError | None = None
        self._now: Fields = {
            "id": f"resp_{run}",
            "object": "response",
            "created_at": request.created,
            "model": chain,
            **echo.read(request),
            **dict.fromkeys(("error", "incomplete_details", "completed_at", "usage")),
        }
        self._status = "queued" if self._now["background"] else "in_progress"

    def begun(self) -> Iterator[Fields]:
        yield self._life("created")
        if self._status == "queued":
            yield self._life("queued")
        yield self._life("in_progress", "in_progress")

    def written(self, event: Event) -> Told:
        self._status = "in_progress"
        return super().written(event)

    def fail(self, error: ChatError) -> Told:
        self._error = error
        return ()

    def end(self, done: Done) -> Iterator[Fields]:
        reason, now, ending = done.finish_reason, self._now, "completed"
        if reason in ("error", "deadline", "cancelled"):
            self.text_status = "incomplete"
            yield from self.close()
            failure = self._error or done.stopped_by or InternalError()
            now["error"], ending = _failure(failure), "failed"
        elif reason in _CUT:
            yield from self.hand_over("incomplete", waits=False)
            now["incomplete_details"], ending = {"reason": _CUT[reason]}, "incomplete"
        else:
            yield from self.hand_over("completed", waits=reason == "interrupt")
            now["completed_at"] = self._request.created + done.latency_ms // 1000
        now["usage"] = _usage(done.usage)
        self._status = "cancelled" if reason == "cancelled" else ending
        yield self._life(ending)

    def _life(self, what: str, status: str | None = None) -> Fields:
        response = self.resource() | ({"status": status} if status else {})
        return {"type": f"response.{what}", "response": response}

    def resource(self) -> Fields:
        return {**self._now, "status": self._status, "output": [*self.items]}

    def keep(self, told: Told) -> None:
        for _ in told:
            pass  # The items have it all.

    def whole(self) -> Fields:
        if self._status == "cancelled" and not self._request.response.background:
            raise Cancelled  # Who waits for an answer would take it for one.
        return self.resource()

    def frames(self, told: Told) -> bytes:
        """Events are numbered from 0; those that the caller has seen are left out."""
        frames: list[bytes] = []
        for each in told:
            self._number += 1
            match each:
                case {"type": str(kind)} if self._number > self._after:
                    number = {"sequence_number": self._number}
                    frames.append(sse.encode({"type": kind, **number, **each}, kind))
        return b"".join(frames)


def _failure(error: ChatError) -> Fields:
    """With a code that OpenAI has, and our own as its type."""
    usual = "server_error" if error.status >= 500 else "invalid_prompt"
    code = _CODES.get(error.code) or _CODES_OF.get(error.status, usual)
    message = error.message
    if (wait := error.retry_after_ms) is not None:  # In words that clients look for.
        message = f"{message} Please try again in {-(-wait // 1000)}s."
    return {"code": code, "message": message, "type": error.code, "param": error.param}


def _usage(usage: Usage) -> Fields:
    cached = {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0}
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": cached,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
        **({"estimated": True} if usage.estimated else {}),
    }
