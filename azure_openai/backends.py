"""Which backend is asked next: by priority, by weight, and not while it cools down."""

import math
import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from azure_openai.failure import BackendFailure
from settings import Settings
from settings.backends import Backend

TRIAL_SECONDS = 20
"""Seconds for which one request alone tries a backend that has cooled down."""


@dataclass(frozen=True, slots=True)
class Last:
    """What became of the last request to a backend, in the words of a record."""

    outcome: str
    status: int | None


class BackendPool:
    """The backends of one deployment; *clock* and *chance* are for tests.

    A single backend never cools down: there is no other to ask. Nor does the last one
    that is ready, unless it asked for a pause: one request that makes every backend
    fail must not keep out all others. After a pause that it did not ask for, one
    request tries a backend, and the others follow once it has answered.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        *,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._backends = tuple(backends)
        self._clock, self._chance = clock, chance
        self._ready_at = dict.fromkeys(self._backends, 0.0)
        self._failures = dict.fromkeys(self._backends, 0)
        self._on_trial_until = dict.fromkeys(self._backends, 0.0)
        self._last: dict[Backend, Last] = {}

    def __len__(self) -> int:
        return len(self._backends)

    @property
    def first(self) -> Backend:
        return self._backends[0]

    def ready(self, tried: Collection[Backend] = ()) -> list[Backend]:
        now = self._clock()
        return [
            backend
            for backend, at in self._ready_at.items()
            if (at <= now or len(self) == 1) and backend not in tried
        ]

    def choose(self, tried: Collection[Backend] = ()) -> Backend | None:
        """A ready backend of the lowest priority, drawn by weight."""
        ready = self.ready(tried)
        if not ready:
            return None
        now = self._clock()
        free = [each for each in ready if self._on_trial_until[each] <= now] or ready
        lowest = min(backend.priority for backend in free)
        chosen = self._draw([each for each in free if each.priority == lowest])
        if self._failures[chosen]:
            self._on_trial_until[chosen] = now + TRIAL_SECONDS
        return chosen

    def _draw(self, candidates: Sequence[Backend]) -> Backend:
        left = self._chance() * sum(backend.weight for backend in candidates)
        for backend in candidates:
            left -= backend.weight
            if left < 0:
                return backend
        return candidates[-1]  # What rounding has left.

    def failed(self, backend: Backend, failure: BackendFailure) -> None:
        self._on_trial_until[backend] = 0.0
        if failure.busy or failure.wait == 0:
            self._failures[backend] = 0  # It has answered.
        if not (failure.busy or self.ready([backend])) or failure.wait == 0:
            return
        now = self._clock()
        if self._ready_at[backend] <= now and not failure.busy:
            # Many may have asked it by then, and fail together: that is one failure.
            self._failures[backend] += 1
        until = now + failure.cool_down(self._failures[backend])
        self._ready_at[backend] = max(self._ready_at[backend], until)

    def note(self, backend: Backend, outcome: str, status: int | None) -> None:
        self._last[backend] = Last(outcome, status)

    def known(self) -> Iterator[tuple[Backend, float, Last | None]]:
        """Each backend, for how many seconds more it is not asked, and its last."""
        now = self._clock()
        for backend, at in self._ready_at.items():
            rests = max(0.0, at - now) if len(self) > 1 else 0.0
            yield backend, rests, self._last.get(backend)

    def answered(self, backend: Backend) -> None:
        self._failures[backend], self._on_trial_until[backend] = 0, 0.0

    def ready_in(self, tried: Collection[Backend] = ()) -> float:
        """Seconds until a backend is ready that has not been *tried*; 0 if one is.

        Infinity if all have been tried.
        """
        if self.ready(tried):
            return 0
        left = [at for each, at in self._ready_at.items() if each not in tried]
        return max(0.0, min(left, default=math.inf) - self._clock())


_shared: dict[tuple[Backend, ...], BackendPool] = {}


def of(settings: Settings, deployment: str | None = None) -> BackendPool:
    """The configured backends; every caller of this function shares what is known.

    Another *deployment* cools down by itself, as it has its own quota.
    """
    backends = named(settings, deployment)
    return _shared.setdefault(backends, BackendPool(backends))


def named(settings: Settings, deployment: str | None) -> tuple[Backend, ...]:
    """The backends of *deployment*.

    The default deployment is each backend's own. Another one is asked for by its name
    at each endpoint.
    """
    backends = settings.backends
    if deployment not in (None, settings.deployment):
        by_endpoint = {each.endpoint: each for each in reversed(backends)}
        backends = tuple(
            each.model_copy(update={"deployment": deployment})
            for each in backends
            if by_endpoint[each.endpoint] is each
        )
    return backends


def known() -> Iterator[tuple[Backend, float, Last | None]]:
    """As `BackendPool.known`, for every deployment that was asked for."""
    for pool in tuple(_shared.values()):
        yield from pool.known()


def base_url(settings: Settings, backend: Backend) -> str:
    return backend.endpoint if backend.v1 else sdk_url(settings, backend)


def sdk_url(settings: Settings, backend: Backend) -> str:
    """What the SDK puts before its paths, which knows Azure's deployments alone."""
    if not settings.azure:
        return backend.endpoint
    return f"{backend.resource}/openai/deployments/{backend.deployment}"
