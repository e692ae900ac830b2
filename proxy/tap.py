"""What is read of an answer while its bytes go by, for the run's record.

A tap gets each piece that was read, and returns the bytes to pass on: the same, except
that an event waits for its end, and that the chunk with the usage that only this server
asked for is taken out.
"""

import re
from collections.abc import Iterator
from time import monotonic
from typing import Protocol

from azure_openai import outcome
from azure_openai.outcome import JsonValue, as_list, as_object, as_text
from azure_openai.template import ChunkTemplate
from proxy import estimate
from runs import MAX_KEPT, ModelCall, Run
from streaming.errors import ChatError

HELD = 64 * 1024
"""Bytes of one event to hold until its end; a longer one passes unread, in pieces."""

# A CR at the very end may be half of a CRLF.
# See: https://html.spec.whatwg.org/multipage/server-sent-events.html
_END_OF_LINE = rb"(?:\r\n|\n|\r(?!\n|\Z))"
_BLANK_LINE = re.compile(_END_OF_LINE * 2)
_LINE = re.compile(rb"\r\n|\n|\r")


class Tap(Protocol):
    done: bool
    """Whether the answer has said that it is over."""

    error: ChatError | None
    """What the answer says went wrong."""

    unrecorded: list[str]
    """What the model wrote that is not the answer's text."""

    unread_bytes: int
    """Bytes of what the model wrote that were too many to read."""

    @property
    def between(self) -> bool:
        """Whether an event may be added to what has been passed on."""

    @property
    def response_id(self) -> str:
        """The id of the response that the answer is, if it is known to be one."""

    def feed(self, read: bytes) -> bytes: ...

    def end(self) -> bytes: ...


class StreamTap:
    """Reads the chunks of a stream of chat completions.

    With *asked*, the first chunk that has usage and no choice is not passed on.
    """

    response_id = ""

    def __init__(self, run: Run, call: ModelCall, *, asked: bool) -> None:
        self._run, self._call, self._asked = run, call, asked
        self._rest = b""
        self._template = ChunkTemplate()
        self._passing = self._unseen = False
        self._bytes, self._counted_at = 0, MAX_KEPT
        self._chunks = self._visible = 0
        self.done = False
        self.error: ChatError | None = None
        self.unrecorded: list[str] = []
        self.unread_bytes = 0

    @property
    def between(self) -> bool:
        return not self._passing

    def feed(self, read: bytes) -> bytes:
        piece = self._rest + read if self._rest else read
        removed: tuple[int, int] | None = None
        start = 0
        for end in _ends_of_events(piece):
            if self._passing:
                self._passing = False
                self._passed(piece[start:end])
            elif self._event(event := piece[start:end]):
                removed = end - len(event.lstrip(b"\r\n")), end
            start = end
        if self._passing or len(piece) - start > HELD:
            start = self._pass(piece, start)
        if self._chunks:
            self._note(monotonic())
        self._bytes += len(read)
        if self._bytes > self._counted_at:
            self._drop_what_is_too_long()
        self._rest = piece[start:]
        if removed is not None:
            return piece[: removed[0]] + piece[removed[1] : start]
        return piece[:start]

    def _drop_what_is_too_long(self) -> None:
        """Only count what has been written, if a record would not take it."""
        self._counted_at = self._bytes + MAX_KEPT
        for pieces in (self._run.content, self.unrecorded):
            size = sum(map(len, pieces))
            if size > MAX_KEPT:
                self._run.unread = True
                self.unread_bytes += size
                pieces.clear()

    def _note(self, at: float) -> None:
        """Record that the chunks of one read arrived at the same time, *at*."""
        self._run.active_at = at
        self._call.note_chunks(at, self._chunks)
        if self._visible:
            self._run.timing.note_visible(at, self._visible)
        self._chunks = self._visible = 0

    def _pass(self, piece: bytes, start: int) -> int:
        """Pass on a long event before its end; returns the end of what was passed.

        It begins at *start* of *piece*. A line end waits: it may be half of its end.
        """
        self._passing = self._run.unread = self._run.spoken = True
        self._unseen = True
        self._chunks += 1
        self._visible += 1
        end = len(piece.rstrip(b"\r\n"))
        self.unread_bytes += end - start
        return end

    def _passed(self, rest: bytes) -> None:
        """Note the *rest* of a long event."""
        self.unread_bytes += len(rest)

    def end(self) -> bytes:
        rest, self._rest = self._rest, b""
        if self._unseen and self.done and self._call.finish_reason is None:
            self._call.note_finish("stop")  # It may have been in what was not read.
        return rest

    def _event(self, event: bytes) -> bool:
        """Read *event*; returns whether to take it out of the stream."""
        if (text := self._template.text(event)) is not None:
            self._chunks += 1
            self._visible += 1
            self._run.content.append(text)
            self._call.output_bytes += len(text)
            return False
        data = event[6:] if event[:7] == b"data: {" else data_of(event)
        if data.startswith(b"[DONE]"):
            self.done = self._run.spoken = True
            return False
        try:
            return bool(data) and self._chunk(outcome.loads(data), event)
        except Exception:  # Whatever it is, it is for the caller to read.
            return False

    def _chunk(self, chunk: JsonValue, event: bytes) -> bool:
        self._chunks += 1
        if not isinstance(chunk, dict):
            return False
        choices, usage = chunk.get("choices"), chunk.get("usage")
        for choice in as_list(choices):
            self._choice(choice)
        if usage:
            self._call.usage = outcome.usage(usage) or self._call.usage
        if not self._call.model:
            self._call.model = str(chunk.get("model") or "")
        if error := chunk.get("error"):
            self.error, self._run.spoken = outcome.error(error), True
        if self._asked and usage and choices == []:
            self._asked = False
            return True
        self._template.learn(event, chunk)
        return False

    def _choice(self, choice: JsonValue) -> None:
        if not isinstance(choice, dict):
            raise TypeError("no choice")
        visible = False
        for name, value in as_object(choice.get("delta")).items():
            if value and name not in outcome.UNSEEN:
                self._run.spoken = visible = True
                shown = name == "content" and not choice.get("index")
                pieces = self._run.content if shown else self.unrecorded
                pieces.append(text := estimate.written(value))
                self._call.output_bytes += len(text)
        self._visible += visible
        if reason := choice.get("finish_reason"):
            self._run.spoken = True
            self._call.note_finish(as_text(reason))


def _ends_of_events(piece: bytes) -> Iterator[int]:
    if b"\r" in piece:
        yield from (blank.end() for blank in _BLANK_LINE.finditer(piece))
        return
    end = piece.find(b"\n\n") + 2
    while end > 1:
        yield end
        end = piece.find(b"\n\n", end) + 2


def data_of(event: bytes) -> bytes:
    lines = (line.partition(b":") for line in _LINE.split(event))
    return b"\n".join(
        value.removeprefix(b" ") for name, _, value in lines if name == b"data"
    )
