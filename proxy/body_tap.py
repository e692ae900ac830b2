"""What is read of an answer that is no stream, after all of it was passed on."""

import re
from contextlib import suppress
from time import monotonic

from azure_openai import outcome
from azure_openai.outcome import JsonValue, as_list, as_object, as_text
from proxy import estimate
from runs import ModelCall, Run
from streaming.errors import ChatError

KEPT = 1024 * 1024
"""Bytes of an answer that are kept, to be read at its end."""

KEPT_START = 4 * 1024
"""Bytes that are kept of a longer answer's beginning, which has its id."""

KEPT_END = 8 * 1024
"""Bytes that are kept of a longer answer's end, which has its usage."""

_FINISH = re.compile(rb'"finish_reason"\s*:\s*"(\w+)"')
USAGE = re.compile(rb'"usage"\s*:\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})')


class BodyTap:
    """Reads a whole chat completion, unless it is not *plain* but compressed."""

    done, between = False, False
    response_id = ""
    unread_bytes = 0  # A long answer's end, which is read, says what it cost.

    def __init__(
        self, run: Run, call: ModelCall, *, status: int, plain: bool = True
    ) -> None:
        self._run, self._call, self._status = run, call, status
        self._kept, self._whole, self._plain = b"", True, plain
        self._start = b""
        self.error: ChatError | None = None
        self.unrecorded: list[str] = []

    def feed(self, read: bytes) -> bytes:
        self._run.spoken, self._run.active_at = True, monotonic()
        self._kept += read
        if len(self._kept) > KEPT:
            self._start = self._start or self._kept[:KEPT_START]
            self._kept, self._whole = self._kept[-KEPT_END:], False
        return read

    def end(self) -> bytes:
        with suppress(Exception):  # Whatever it is, it is for the caller to read.
            self._read()
        if self._status >= 400 and self.error is None:
            self.error = outcome.error(None, self._status)
        return b""

    def _read(self) -> None:
        if self._kept and not (self._whole and self._plain):
            self._read_end()
            return
        answer = outcome.loads(self._kept)
        if isinstance(answer, dict):
            self._answer(answer)

    def _answer(self, answer: dict[str, JsonValue]) -> None:
        if self._status >= 400 or answer.get("error"):
            error = answer.get("error") or answer
            self.error = outcome.error(error, max(self._status, 400))
            return
        self._call.model = str(answer.get("model") or "")
        if usage := answer.get("usage"):
            self._call.usage = outcome.usage(usage)
        if isinstance(answer.get("data"), list):  # Embeddings have no reason to end.
            self._call.note_finish("stop")
        for choice in as_list(answer.get("choices")):
            self._choice(choice)
        if self._run.content or self.unrecorded:
            self._run.timing.note_visible(monotonic())

    def _read_end(self) -> None:
        """Find the finish reason and the usage without decoding the answer."""
        self._run.unread = True
        found = _FINISH.search(self._kept)
        self._call.note_finish(found[1].decode() if found else "stop")
        if found := USAGE.search(self._kept):
            self._call.usage = outcome.usage(outcome.loads(found[1]))

    def _choice(self, choice: JsonValue) -> None:
        if not isinstance(choice, dict):
            raise TypeError("no choice")
        if reason := choice.get("finish_reason"):
            self._call.note_finish(as_text(reason))
        for name, value in as_object(choice.get("message")).items():
            if value and name not in outcome.UNSEEN:
                shown = name == "content" and not choice.get("index")
                pieces = self._run.content if shown else self.unrecorded
                pieces.append(estimate.written(value))
