"""Why a backend is moved away from, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

COOL_DOWN_SECONDS = 5
"""Seconds without requests after a first failure that named no time."""

LONG_COOL_DOWN_SECONDS = 60
"""The most seconds after failures in a row, each of which doubles the pause."""

REFUSED_COOL_DOWN_SECONDS = 60
"""Seconds for a backend that refuses the credential, or has no such deployment."""

MAX_COOL_DOWN_SECONDS = 120
"""The longest pause, whatever a backend asks for: its clock may be wrong."""

MAX_WAIT_SECONDS = (2**31 - 1) / 1000
"""Seconds above which a wait is ignored: the longest that a JavaScript timer takes."""


@dataclass(frozen=True, slots=True)
class BackendFailure:
    """What a backend has done instead of answering.

    `busy` is whether it asked for a pause, `wait` for how many seconds; `refused` is
    whether it takes a person to change it. `name` is what records call it.
    """

    reason: str
    busy: bool = False
    refused: bool = False
    wait: float | None = None
    name: str = "status"

    def cool_down(self, failures: int = 1) -> float:
        """For how many seconds the backend is not asked, after *failures* in a row."""
        if self.wait is not None:
            return min(self.wait, MAX_COOL_DOWN_SECONDS)
        if self.refused:
            return REFUSED_COOL_DOWN_SECONDS
        if self.busy:
            return COOL_DOWN_SECONDS
        doubled = COOL_DOWN_SECONDS * 2.0 ** min(failures - 1, 10)
        return min(doubled, LONG_COOL_DOWN_SECONDS)


SILENT = BackendFailure("no token in time", name="silent")
UNREACHABLE = BackendFailure("it cannot be reached", name="unreachable")
LOST = BackendFailure("the connection was lost", name="lost")
CUT = BackendFailure("the answer broke off before its first token", name="cut")
NO_ANSWER = BackendFailure(
    "status 200 with neither a stream nor JSON", name="no_answer"
)
NO_CREDENTIAL = BackendFailure(
    "no credential for it",
    refused=True,
    wait=COOL_DOWN_SECONDS,
    name="no_credential",
)
NO_SUCH_VERSION = BackendFailure(
    "status 404 for a version that a caller has named", wait=0, name="no_such_version"
)
"""Another backend may know the version; this one does not cool down for it."""


_ELSEWHERE = (403, 408, 409, 424, 425, 429)
"""Refusals of one backend that another one may not share."""


def of_status(status: int, headers: Mapping[str, str]) -> BackendFailure | None:
    """The failure that *status* stands for; `None` if it is an answer or a 4xx for the
    caller.

    The names in *headers* are in lower case, or found in any case.
    """
    wait = retry_after(headers)
    # A gateway's quota, unless nothing says for how long.
    if status in (401, 402, 404, 410) or (status == 403 and wait is None):
        return BackendFailure(f"status {status}", refused=True)
    if 200 <= status < 300 or (400 <= status < 500 and status not in _ELSEWHERE):
        return None
    busy = status == 429 or wait is not None
    return BackendFailure(f"status {status}", busy=busy, wait=wait)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds of `retry-after-ms`, else of `retry-after`: a number or a date.

    `None` if neither can be read, or if none is between 0 and `MAX_WAIT_SECONDS`.
    """
    for name, read in (("retry-after-ms", _milliseconds), ("retry-after", _seconds)):
        # Other providers' integrations may have parsed it already.
        seconds = read(str(headers.get(name, "")))
        if seconds is not None and 0 <= seconds < MAX_WAIT_SECONDS:
            return seconds
    return None


def _milliseconds(value: str) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000


def _seconds(value: str) -> float | None:
    number = _number(value)
    return _until(value) if number is None else number


def _number(value: str) -> float | None:
    """The number in *value*, or the first: httpx joins two headers by a comma."""
    try:
        return float(value.partition(",")[0])
    except ValueError:
        return None


def _until(value: str) -> float | None:
    """The seconds until the date in *value*, 0 if it has passed.

    A date may have a comma of its own, so the first of two headers ends at the second.
    """
    try:
        date = parsedate_to_datetime(",".join(value.split(",")[:2]))
        # One without a zone, or with -0000, is in UTC.
        # See: https://www.rfc-editor.org/rfc/rfc5322#section-3.3
        aware = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0, (aware - datetime.now(UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
