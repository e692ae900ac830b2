"""One request's way from backend to backend, until one answers."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import Protocol

from azure_openai.backends import BackendPool
from azure_openai.failure import COOL_DOWN_SECONDS, SILENT, BackendFailure
from runs import current
from runs.attempts import ANSWERED, note
from settings.backends import Backend
from streaming.errors import RateLimited
from streaming.upstream_errors import UpstreamTimeout

log = logging.getLogger(__name__)

EARLY_SECONDS = 0.1
"""Seconds by which the event loop may call a timer early."""


class Attempts[T](Protocol):
    """How backends are asked for one answer: a *T*, whose head has arrived."""

    async def ask(self, backend: Backend) -> T: ...

    async def examine(self, answer: T) -> BackendFailure | None:
        """Wait until *answer* says something; the failure, if it ends before.

        *answer* can still be read from its beginning.
        """

    def is_patient(self, answer: T) -> bool:
        """Whether *answer* may take longer than an attempt, as its head has arrived."""

    def explain(self, error: Exception) -> BackendFailure | None:
        """The failure that an *error* of these two is; `None` if it is none."""

    async def close(self, answer: T) -> None: ...

    def told(self, answer: T) -> "Told":
        """What the head of *answer* says of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """*failure* is the one that the status stands for, if it does for any."""

    status: int
    region: str
    failure: BackendFailure | None


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Seconds in which one backend, and all of them together, must show something.

    No attempt but the last gets more than half of the time that is left. If the answer
    does not stream, that half is the only limit, as nothing shows before it is whole.
    An attempt is the last if no other backend will be ready in time.
    """

    each: float
    all: float
    streamed: bool

    def limit(self, started: float, next_in: float) -> float | None:
        """Seconds for an attempt, if another backend is ready in *next_in* seconds."""
        half = max(0.0, started + self.all - monotonic()) / 2
        if next_in > half:
            return None
        each = min(self.each, half) if self.streamed else half
        return max(each, next_in + EARLY_SECONDS) if next_in else each


@dataclass(frozen=True, slots=True)
class _Answered[T]:
    answer: T
    failure: BackendFailure | None


@dataclass(frozen=True, slots=True)
class _Lost:
    error: Exception
    failure: BackendFailure


async def first_answer[T](
    backends: BackendPool, attempts: Attempts[T], limits: AttemptLimits
) -> T:
    """The first answer that says something, or what the last backend did instead.

    Raises `RateLimited` if all are cooling down, or if one was busy and none answered.
    A single backend is asked, and its answer is passed on whatever it is.
    """
    if len(backends) == 1:
        return await _only(backends, attempts)
    started, tried, busy = monotonic(), list[Backend](), False
    attempt: _Answered[T] | _Lost | None = None
    while backend := backends.choose(tried):
        await _drop(attempts, attempt)
        tried.append(backend)
        seconds = limits.limit(started, backends.ready_in(tried))
        attempt = await _attempt(backends, attempts, backend, seconds)
        if attempt.failure is None:
            backends.answered(backend)
            break
        _note(backends, backend, attempt.failure)
        busy = busy or attempt.failure.busy
    if attempt is None or (busy and attempt.failure):
        await _drop(attempts, attempt)
        wait = ceil((backends.ready_in() or COOL_DOWN_SECONDS) * 1000)
        message = "The model is busy; try again later."
        raise RateLimited(message, retry_after_ms=wait)
    if isinstance(attempt, _Lost):
        raise attempt.error
    return attempt.answer


async def _only[T](backends: BackendPool, attempts: Attempts[T]) -> T:
    backend, begun = backends.first, monotonic()
    try:
        answer = await attempts.ask(backend)
    except Exception as exc:
        if known := attempts.explain(exc):
            _keep(backends, backend, begun, known)
        raise
    told = attempts.told(answer)
    _keep(backends, backend, begun, told.failure, told)
    return answer


def _keep(
    backends: BackendPool,
    backend: Backend,
    begun: float,
    failure: BackendFailure | None,
    told: Told | None = None,
) -> None:
    """Add the attempt to the run's record, and tell the pool of it."""
    outcome = failure.name if failure else ANSWERED
    status = told.status if told else None
    backends.note(backend, outcome, status)
    note(
        {
            "backend": backend.address,
            "deployment": backend.deployment,
            "region": told.region if told and told.region else backend.region,
            "outcome": outcome,
            "status": status,
            "duration_ms": round((monotonic() - begun) * 1000),
        }
    )


async def _attempt[T](
    backends: BackendPool,
    attempts: Attempts[T],
    backend: Backend,
    seconds: float | None,
) -> _Answered[T] | _Lost:
    begun = monotonic()
    try:
        async with AsyncExitStack() as stack, asyncio.timeout(seconds) as limit:
            answer = await attempts.ask(backend)
            stack.push_async_callback(attempts.close, answer)
            if attempts.is_patient(answer):
                limit.reschedule(None)  # The run has a limit of its own.
            failure = await attempts.examine(answer)
            stack.pop_all()
        _keep(backends, backend, begun, failure, attempts.told(answer))
        return _Answered(answer, failure)
    except TimeoutError:
        _keep(backends, backend, begun, SILENT)
        late = UpstreamTimeout("The model did not answer in time.")
        return _Lost(late, SILENT)
    except Exception as exc:
        if known := attempts.explain(exc):
            _keep(backends, backend, begun, known)
            return _Lost(exc, known)
        raise


async def _drop[T](attempts: Attempts[T], attempt: _Answered[T] | _Lost | None) -> None:
    if isinstance(attempt, _Answered):
        await attempts.close(attempt.answer)


def _note(backends: BackendPool, backend: Backend, failure: BackendFailure) -> None:
    backends.failed(backend, failure)
    level = logging.ERROR if failure.refused else logging.WARNING
    where = f"{backend.address}, deployment {backend.deployment}"
    asked = current.request_id.get()
    log.log(level, "request %s: backend %s: %s", asked, where, failure.reason)
