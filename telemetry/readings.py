"""What can be looked at while the app runs, from any thread."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Readings:
    """*resting* is by address and deployment, in seconds; *backlog* in bytes by sink;
    *lag* in seconds, `None` if nothing was measured."""

    open_streams: Callable[[], int]
    resting: Callable[[], Mapping[tuple[str, str], float]]
    backlog: Callable[[], Mapping[str, int]]
    lag: Callable[[], float | None]
