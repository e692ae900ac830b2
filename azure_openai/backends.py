"""Which backend is asked next: by priority, by weight, and not while it cools down."""

import math
import random
from collections.abc import Callable, Collection, Sequence
from time import monotonic

from azure_openai.failure import BackendFailure
from settings import Settings
from settings.backends import Backend

TRIAL_SECONDS = 20
"""For how long one that cooled down is left to the request that tries it again."""


class Backends:
    """The backends of one deployment; *clock* and *chance* are for tests.

    A single one never cools down: there is none to ask in its place. Nor does the last
    one that is ready, unless it asks for it: that it failed is no proof that it will
    fail again, and one request that makes every backend fail must not keep out all
    others. One that has cooled down without having asked for it is asked by one
    request, while there are others for the rest, until it has answered.
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

    def __len__(self) -> int:
        return len(self._backends)

    @property
    def first(self) -> Backend:
        """The one that is listed first."""
        return self._backends[0]

    def ready(self, tried: Collection[Backend] = ()) -> list[Backend]:
        """Those that may be asked, and have not been *tried*."""
        now = self._clock()
        return [
            backend
            for backend, at in self._ready_at.items()
            if (at <= now or len(self) == 1) and backend not in tried
        ]

    def choose(self, tried: Collection[Backend] = ()) -> Backend | None:
        """Whom to ask: one of the lowest priority that is ready, by weight."""
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
        """*backend* is not asked for a while, as *failure* wants it."""
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

    def answered(self, backend: Backend) -> None:
        """*backend* is as good as any again."""
        self._failures[backend], self._on_trial_until[backend] = 0, 0.0

    def ready_in(self, tried: Collection[Backend] = ()) -> float:
        """In how many seconds one is ready that has not been *tried*; 0 where one is.

        Infinity where all have been.
        """
        if self.ready(tried):
            return 0
        left = [at for each, at in self._ready_at.items() if each not in tried]
        return max(0.0, min(left, default=math.inf) - self._clock())


_shared: dict[tuple[Backend, ...], Backends] = {}


def of(settings: Settings, deployment: str | None = None) -> Backends:
    """The configured backends; all that ask them learn from each other's failures.

    The default deployment is each backend's own. Any other *deployment* is asked for at
    each endpoint by that name, and fails there on its own: it has a quota of its own.
    """
    backends = settings.backends
    if deployment not in (None, settings.deployment):
        by_endpoint = {each.endpoint: each for each in reversed(backends)}
        backends = tuple(
            each.model_copy(update={"deployment": deployment})
            for each in backends
            if by_endpoint[each.endpoint] is each
        )
    return _shared.setdefault(backends, Backends(backends))


def base_url(settings: Settings, backend: Backend) -> str:
    """The address under which *backend* has its operations."""
    if not settings.azure:
        return backend.endpoint
    return f"{backend.endpoint}/openai/deployments/{backend.deployment}"
