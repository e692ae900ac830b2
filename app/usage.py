"""`/api/usage`: what runs used, in groups; or, of one run, its record."""

import re
from datetime import UTC, datetime, timedelta
from typing import TypeGuard, get_args

from starlette.requests import Request
from starlette.responses import Response

from app import App
from runs import Run
from server.response import json_response
from streaming.errors import NotFound, invalid
from telemetry.records import CONTENT
from telemetry.usage import By, Found, Over, Whose
from telemetry.usage.tally import Tally

DEFAULT = "24h"
CHOICES = get_args(By)
TIMES = get_args(Over)
INSTANCE = (
    "These are the runs of this process, and those that it found in its journal when "
    "it started: other instances answer for theirs."
)
READING = " The journal is still being read."

_AGO = re.compile(r"([1-9][0-9]{0,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_PLUS = re.compile(r"(?<=T)(.*) (\d\d:?\d\d)")
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def usage(app: App, request: Request, run: Run) -> Response:
    """What the caller's own runs used; everyone's, for the key named `admin`."""
    caller = app.callers.find(request)
    whose = Whose(caller.principal, everyones=app.developers or caller.is_admin)
    if (asked := request.query_params.get("run")) is not None:
        return await _one(app, asked, whose)
    until = datetime.now(UTC)
    since = _since(request.query_params.get("since") or DEFAULT, until)
    by = _by(request.query_params.get("by") or "chain")
    over = _over(request.query_params.get("over"))
    ledger = app.telemetry.ledger
    found = await ledger.report(since.timestamp(), by, whose=whose, over=over)
    return json_response(_report(found, by, until) | _instance(app))


def _report(found: Found, by: By, until: datetime) -> dict[str, object]:
    groups = [
        {"name": name, **each.as_dict(), **_over_time(found.times_of.get(name))}
        for name, each in found.groups
    ]
    if found.rest.runs:
        groups.append({"name": "other", **found.rest.as_dict()})
    return {
        "since": _written(found.since),
        "until": _written(until),
        "by": by,
        "totals": {**found.totals.as_dict(), **_over_time(found.times)},
        "groups": groups,
        "errors": found.errors,
    }


def _over_time(times: list[tuple[str, Tally]] | None) -> dict[str, object]:
    if not times:
        return {}
    return {"over": [{"time": time, **tally.as_dict()} for time, tally in times]}


def _instance(app: App) -> dict[str, object]:
    return {"instance": INSTANCE + (READING if app.telemetry.ledger.reads else "")}


async def _one(app: App, run: str, whose: Whose) -> Response:
    ledger, known = app.telemetry.ledger, _RUN_ID.fullmatch(run)
    record = await ledger.run(run, whose=whose) if known else None
    if record is None:
        raise NotFound(
            "There is no record of such a run: give the run_id of one of your runs "
            "of the last seven days on this instance."
        )
    shown = {name: value for name, value in record.items() if name not in CONTENT}
    return json_response({"run": shown} | _instance(app))


def _by(given: str) -> By:
    if not _is_by(given):
        raise invalid("by", f"expected one of {', '.join(CHOICES)}.")
    return given


def _is_by(given: str) -> TypeGuard[By]:
    return given in CHOICES


def _over(given: str | None) -> Over | None:
    if not given:
        return None
    if not _is_over(given):
        raise invalid("over", f"expected one of {', '.join(TIMES)}.")
    return given


def _is_over(given: str) -> TypeGuard[Over]:
    return given in TIMES


def _since(given: str, now: datetime) -> datetime:
    """The time that *given* says; a `+` of an address arrives as a space."""
    if ago := _AGO.fullmatch(given):
        # What is longer ago than is kept is no earlier than that.
        back = timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return now - min(back, timedelta(days=8))
    try:
        at = datetime.fromisoformat(_PLUS.sub(r"\1+\2", given))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(at.astimezone(UTC), now)
    except (ValueError, OverflowError):
        raise invalid(
            "since",
            "expected a time such as 2026-01-31T12:00:00Z, or how long ago: "
            "30m, 24h or 7d.",
        ) from None


def _written(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
