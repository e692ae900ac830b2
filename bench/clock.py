"""The time that a token carries: when the upstream sent it, for whoever reads it.

Both read the machine's one monotonic clock, and keep microseconds in eight digits.
"""

import re
import time

DIGITS = 8
WRAPS = 100_000_000

QUOTED = r'" (\d{8})"'
"""A token as most wires have it: a JSON string of its own."""

BARE = r" (\d{8})(?=[ \r])"
"""A token of a wire that writes text as it is: more text follows, or a line's end."""

STAMP = re.compile(QUOTED.encode())

LONGEST = 32
"""More bytes than a token has in any wire, with what it is known by."""


def now() -> int:
    """Microseconds, from 0 to `WRAPS`."""
    return time.monotonic_ns() // 1000 % WRAPS


def stamp() -> str:
    """A token's text, if it is sent now."""
    return f" {now():0{DIGITS}}"


def since(stamped: bytes, read: int) -> int:
    """Microseconds from the moment in *stamped* to *read*."""
    return (read - int(stamped)) % WRAPS
