"""The time that a token carries: when the upstream sent it, for whoever reads it.

Both read the machine's one monotonic clock, and keep microseconds in eight digits.
"""

import re
import time

DIGITS = 8
WRAPS = 100_000_000

STAMP = re.compile(rb'" (\d{8})"')
"""A token as every wire that is measured has it: a JSON string of its own."""

LONGEST = len('" 12345678"')


def now() -> int:
    """Microseconds, from 0 to `WRAPS`."""
    return time.monotonic_ns() // 1000 % WRAPS


def stamp() -> str:
    """A token's text, if it is sent now."""
    return f" {now():0{DIGITS}}"


def since(stamped: bytes, read: int) -> int:
    """Microseconds from the moment in *stamped* to *read*."""
    return (read - int(stamped)) % WRAPS
