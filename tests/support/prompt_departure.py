"""What takes no time to speak of, on machines that are busy now and then."""

from collections.abc import Sequence
from statistics import median

TRIES = 5
ROUNDS = 3
WITHIN_SECONDS = 0.1


def prompt(delays: Sequence[float]) -> bool:
    """Whether most of the last five tries were; to be asked after each, and before.

    What is slow for once holds up one or two of five, and a busy second one round of
    three: what has a delay built in fails in all of them, with an `AssertionError`.
    """
    if not delays or len(delays) % TRIES:
        return False
    if median(delays[-TRIES:]) < WITHIN_SECONDS:
        return True
    assert len(delays) < ROUNDS * TRIES, delays
    return False
