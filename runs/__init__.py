"""A run: what ran, how long it took, how many tokens it used, how it ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING
from uuid import uuid4

from runs import attempts, current
from runs.admission import Admission
from runs.attempts import AttemptRecord
from runs.cost import PriceList, cost
from runs.finish_reasons import STOPPED, Status, of_calls
from runs.meter import Meter
from runs.model_call import ModelCall, failure, total
from runs.pieces import Pieces
from runs.thread import Thread
from runs.timing import Timing
from streaming.errors import ChatError
from streaming.events import (
    VISIBLE,
    Cost,
    Done,
    Event,
    FinishReason,
    Interrupt,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)

if TYPE_CHECKING:
    from runs.run_log import RunLog

__all__ = ["MAX_KEPT", "ModelCall", "Run"]

log = logging.getLogger(__name__)

MAX_KEPT = 900_000
"""Characters of an answer that a record takes; of a longer one it has none."""

_stubborn: set[asyncio.Task[None]] = set()
"""Keeps references to tasks that do not stop when they are cancelled."""


@dataclass(slots=True)
class Run:
    """One request's run, filled in while it streams; it satisfies `Progress`.

    It owns the task that makes the answer. Times are `time.monotonic()`, `content` is
    the text the caller got, unless it is `unread`; `prompt` gives the messages asked,
    which take `prompt_bytes` as JSON. `owner` is to whom the run belongs, `thread` the
    one that `thread_id` names, once it is open; `listener` gets what the caller gets.
    `spoken`: something was shown, or the end told. `closers` are awaited at the end;
    `kept`: all that was to be is. A run `goes_on` without its caller.
    """

    chain: str = ""
    dialect: str = ""
    streamed: bool = True
    id: str = field(default_factory=lambda: str(uuid4()))
    request_id: str = ""
    invocation_id: str = ""
    traceparent: str = ""
    principal: str | None = None
    owner: str = ""
    end_user: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    thread_id: str | None = None
    thread: Thread | None = None
    admission: Admission = field(default_factory=Admission)
    meter: Meter = field(default_factory=Meter)
    listener: Callable[[Event], None] | None = None
    timing: Timing = field(default_factory=Timing)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    active_at: float = 0.0
    spoken: bool = False
    tools_running: int = 0
    calls: dict[Hashable, ModelCall] = field(default_factory=dict)
    last_call: ModelCall | None = None
    attempts: list[AttemptRecord] = field(default_factory=list)
    prices: PriceList | None = None
    quota: Mapping[str, str] = field(default_factory=dict)
    content: Pieces = field(default_factory=Pieces)
    prompt: Callable[[], object] | None = None
    prompt_bytes: int = 0
    unread: bool = False
    status: Status | None = None
    error: ChatError | None = None
    stopped_by: ChatError | None = None
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    kept: bool = True
    number: int = 0
    log: "RunLog | None" = None
    goes_on: bool = False
    interrupts: list[Interrupt] = field(default_factory=list)
    _kept: int = 0
    waiting: set[str] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None
    _decided: Callable[[], None] | None = None

    def start(self, work: Coroutine[object, object, None]) -> None:
        context = copy_context()
        context.run(current.request_id.set, self.request_id)
        context.run(attempts.keep_in, self.attempts)
        self._task = asyncio.create_task(work, context=context)

    def cancel(self) -> None:
        """Stop making the answer; does not interrupt cleanup that has already begun."""
        if self._task is not None and not self._task.cancelling():
            self._task.cancel()

    def end_early(self, reason: ChatError) -> None:
        """Stop making the answer; its ending says why."""
        if not self.over and not (self._task and self._task.cancelling()):
            self.stopped_by = reason
            self.cancel()

    async def wait(self) -> None:
        """Return once the answer is made."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def stop(self, seconds: float) -> None:
        """Cancel the task, and wait for its end for *seconds* at most."""
        if self._task is None:
            return
        self.cancel()
        _, running = await asyncio.wait({self._task}, timeout=seconds)
        for task in running:
            _stubborn.add(task)
            task.add_done_callback(_stubborn.discard)
            log.error("request %s: its chain does not stop", self.request_id)

    @property
    def started(self) -> float:
        return self.timing.started

    def when_decided(self, tell: Callable[[], None]) -> None:
        """Call *tell* when the first event is shown, and when the run is over."""
        self._decided = tell

    @property
    def deployment(self) -> str:
        """The deployment that answers; the chain's name until one does."""
        return self.last_call.deployment if self.last_call else self.chain

    @property
    def headers(self) -> Mapping[str, str]:
        call = self.last_call
        if call is None or not call.backend:
            return self.quota
        named = {"x-deployment": call.deployment, "x-backend": call.backend}
        region = {"x-ms-region": call.region} if call.region else {}
        return {**self.quota, **named, **region}

    @property
    def ids(self) -> Mapping[str, str]:
        """Headers by which a caller may ask for the run again, if it is kept."""
        begun = self.log is not None and self.log.begun
        return {"x-run-id": self.id} if begun else {}

    def begin_call(self, key: Hashable, call: ModelCall) -> None:
        self.calls[key] = self.last_call = call
        self.active_at = monotonic()

    def see(self, event: Event) -> None:
        self.number += 1
        self.active_at = now = monotonic()
        if self.log is not None:
            self.log.note((now, event))
            if type(event) is not TextDelta:
                self.log.encode()  # A chain may change later what it has sent.
        if isinstance(event, VISIBLE):
            self.timing.note_visible(now)
            if not self.spoken:
                self.spoken = True
                self._tell()
        if self.listener is not None:
            self.listener(event)
        match event:
            case TextDelta():
                self.keep(event.text)
            case ToolCall():
                self.waiting.add(event.id)
            case ToolResult():
                self.waiting.discard(event.id)
            case Interrupt():
                self.interrupts.append(event)

    def keep(self, text: str) -> None:
        """Keep *text* of the answer for the record, which takes `MAX_KEPT` of it."""
        if self.unread:
            return
        self._kept += len(text)
        if self._kept > MAX_KEPT:
            self.unread = True
            self.content.clear()
        else:
            self.content.append(text)

    def _tell(self) -> None:
        if self._decided is not None:
            self._decided()

    @property
    def failure(self) -> ChatError | None:
        """What the model calls failed of, though none has raised an error."""
        return failure(self.calls.values())

    @property
    def finish_reason(self) -> FinishReason:
        """What ended the answer: the run, or the last of its model calls."""
        if self.status in ("budget", "cancelled", "deadline"):
            return self.status
        if self.error is not None:
            return "error"
        reasons = [call.finish_reason for call in self.calls.values()]
        if self.interrupts and "content_filter" not in reasons:
            return "interrupt"
        return of_calls(reasons, waiting=bool(self.waiting))

    @property
    def usage(self) -> Usage:
        """The sum over all model calls: the provider's numbers, else estimates."""
        return total(self.calls.values())

    def finish(
        self, error: ChatError | None = None, *, cancelled: bool = False
    ) -> None:
        """End the run; later calls change nothing."""
        if self.over:
            return
        self.timing.ended = monotonic()
        self._settle(error, cancelled=cancelled)

    def withdraw(self, error: ChatError | None = None) -> None:
        """Record that the end was not sent, because of *error* or a disconnect.

        A run that had failed stays failed.
        """
        if not self.over:
            self.finish(error, cancelled=error is None)
        elif self.error is None:
            self._settle(error, cancelled=error is None)

    @property
    def over(self) -> bool:
        """Whether the run has ended; its ending may still have to be sent."""
        return self.timing.ended is not None

    def _settle(self, error: ChatError | None, *, cancelled: bool) -> None:
        if cancelled and self.stopped_by is None:  # By the caller, who is not there.
            self.status = "cancelled"
            return
        self._end(self.stopped_by if cancelled else error)
        self._tell()

    def _end(self, error: ChatError | None) -> None:
        if error is None:
            reason = self.finish_reason
            self.status = reason if reason in ("content_filter", "interrupt") else "ok"
            return
        self.status = STOPPED.get(type(error), "error")
        if error.code == "content_filter":
            self.status = "content_filter"
        if self.status not in ("budget", "cancelled"):
            self.error = error

    def done(self) -> Done:
        return Done(
            deployment=self.deployment,
            finish_reason=self.finish_reason,
            run_id=self.id,
            usage=self.usage,
            cost=self.cost,
            kept=self.kept,
            **self.timing.latency,
        )

    @property
    def cost(self) -> Cost | None:
        return cost(self.calls.values(), self.prices)
