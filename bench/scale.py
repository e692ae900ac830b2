"""How much is asked: enough for the figures of the page, or to see that it works."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Times are in seconds, for each server."""

    rounds: int
    lengths: Sequence[int]
    """Tokens of the answers from which a request's and a token's cost is fitted."""
    saturated: float
    paced_callers: int
    paced_tokens: int
    single_answers: int
    single_tokens: int
    bursts: int
    burst_tokens: int
    steady: float
    """How long callers stream while their tokens' delay is read."""
    refinements: int
    """Steps between the number of callers that is carried and the one that is not."""
    crowd: int
    """Callers who stream while health is asked for."""
    open_streams: int
    open_tokens: int
    imports: int


FULL = Scale(
    rounds=2,
    lengths=(1, 100, 300),
    saturated=0.8,
    paced_callers=50,
    paced_tokens=200,
    single_answers=40,
    single_tokens=5,
    bursts=1,
    burst_tokens=64,
    steady=2,
    refinements=1,
    crowd=200,
    open_streams=40,
    open_tokens=400,
    imports=3,
)
QUICK = Scale(
    rounds=1,
    lengths=(1, 100),
    saturated=0.3,
    paced_callers=20,
    paced_tokens=25,
    single_answers=5,
    single_tokens=3,
    bursts=1,
    burst_tokens=8,
    steady=0.5,
    refinements=0,
    crowd=50,
    open_streams=10,
    open_tokens=100,
    imports=1,
)
