"""One proxied call's run: what the tap reads, ended and handed on exactly once."""

from functools import partial
from time import monotonic

from proxy import estimate
from proxy.outgoing import Outgoing
from proxy.tap import Tap
from runs import ModelCall, Run
from runs.closing import close
from runs.recording import Emit, Recording, recorded
from settings.backends import Backend
from streaming.errors import ChatError, DeadlineExceeded, ShuttingDown
from streaming.events import Usage
from streaming.upstream_errors import (
    ConnectTimeout,
    UpstreamIncomplete,
    UpstreamTimeout,
)

_AT_WORK = (DeadlineExceeded, ShuttingDown, UpstreamIncomplete, UpstreamTimeout)
"""Errors after which the model may still be at work, and be billed."""


class ProxiedRun:
    """Ends *run* once, and passes it to *emit*; *body* is the caller's request.

    A request that is refused before anything was sent upstream is not emitted, nor is
    any without *emit*.
    """

    def __init__(
        self, run: Run, deployment: str, body: bytes, emit: Emit | None
    ) -> None:
        self.run, self.call = run, ModelCall(deployment)
        self.ended = self._begun = False
        self._body, self._emit = body, emit
        self._recording: Recording = None
        self._tap: Tap | None = None
        self._estimated: Usage | None = None
        self.call.estimate = self._estimate
        run.prompt, run.prompt_bytes = partial(estimate.asked, body), len(body)
        run.begin_call(run.id, self.call)

    def asked(self, sent: Outgoing) -> None:
        self._begun = True
        self.run.streamed, self.run.end_user = sent.streamed, sent.end_user
        self.call.parameters, self.call.provider = sent.parameters, sent.provider
        if sent.operation == "embeddings":
            self.call.operation = "embeddings"

    def answered_by(self, backend: Backend, region: str = "") -> None:
        """Note the *backend* asked last; *region* is the one that its answer names."""
        self.call.deployment, self.call.backend = backend.deployment, backend.address
        self.call.region = region or backend.region or ""

    def read_by(self, tap: Tap) -> None:
        self._tap = tap

    def _estimate(self) -> Usage:
        if self._estimated is not None:
            return self._estimated
        written: list[str] = self.run.content
        unread = 0
        if self._tap is not None:
            written = [*written, *self._tap.unrecorded]
            unread = self._tap.unread_bytes
        usage = estimate.estimate(self._body, written, unread)
        if self.ended:  # It stays so; and a body may be large.
            self._estimated, self._body = usage, b""
        return usage

    def whole(self) -> None:
        """End the run with the answer's own end, which may be an error."""
        self.call.ended = True
        if self.call.finish_reason == "tool_calls":
            self.run.waiting.add("")  # Whichever it is, the caller has to run it.
        error = self._tap.error if self._tap else None
        self.end(error or self.run.failure)

    def end(self, error: ChatError | None = None, *, cancelled: bool = False) -> None:
        """End the run; later calls change nothing."""
        if self.ended:
            return
        self.ended, self.call.ended_at = True, monotonic()
        if error is not None:
            self.call.error = error.code
        if error is not None and self.call.usage is None:
            self._count_refused(error)
        if self.call.usage is not None:
            self.call.estimate, self._body = Usage, b""
        self.run.finish(error, cancelled=cancelled)
        if self._begun and self._emit:
            self._recording = self._emit(self.run)

    async def recorded(self) -> None:
        """Wait for the run's record, if the run has ended."""
        await recorded(self._recording)
        if self.ended:
            await close(self.run)

    def _count_refused(self, error: ChatError) -> None:
        """Count no tokens for a refused call, unless its prompt was filtered."""
        tap = self._tap
        seen = self.run.content or (tap and (tap.unrecorded or tap.unread_bytes))
        worked = isinstance(error, _AT_WORK) and not isinstance(error, ConnectTimeout)
        if tap is not None and error is tap.error:
            worked = False  # Upstream says so itself.
        if not (seen or worked or error.code == "content_filter"):
            self.call.usage = Usage()
