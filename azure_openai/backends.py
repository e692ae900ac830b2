"""Which backend is asked next: by priority, by weight, and not while it cools down."""

import random
from collections.abc import Callable, Collection, Sequence
from time import monotonic

from azure_openai.trouble import Trouble
from settings import Settings
from settings.backends import Backend


class Backends:
    """The backends of one deployment; *clock* and *chance* are for tests.

    A single one never cools down: there is none to ask in its place. Nor does the last
    one that is ready, unless it asks for it: that it failed is no proof that it will
    fail again, and one request that makes every backend fail must not keep out all
    others.
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
        lowest = min(backend.priority for backend in ready)
        candidates = [backend for backend in ready if backend.priority == lowest]
        left = self._chance() * sum(backend.weight for backend in candidates)
        for backend in candidates:
            left -= backend.weight
            if left < 0:
                return backend
        return candidates[-1]  # What rounding has left.

    def failed(self, backend: Backend, trouble: Trouble) -> None:
        """*backend* is in *trouble*: for a while it is not asked."""
        if trouble.busy or self.ready([backend]):
            until = self._clock() + trouble.cool_down
            self._ready_at[backend] = max(self._ready_at[backend], until)

    def ready_in(self) -> float:
        """In how many seconds the soonest is ready; 0 where one is."""
        if self.ready():
            return 0
        return max(0.0, min(self._ready_at.values()) - self._clock())


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
