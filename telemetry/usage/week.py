"""What seven days' runs used, hour by hour, in memory that has a bound."""

from bisect import insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from telemetry.usage.finished import FinishedRun, Names, name
from telemetry.usage.tally import Tally

HOURS = 7 * 24
MAX_AN_HOUR = 500
MAX_GROUPS = 8000
"""Groups that are kept, of an hour and of all hours. What goes beyond is one group: of
an hour its newest runs, of a week its oldest hours. A group has 3 KB at most."""

MAX_ERRORS = 1000
MAX_LISTED = 1000
"""Groups of an answer: those with the most runs; the others are one."""

MAX_LISTED_ERRORS = 50
MAX_SERIES = 8
"""Groups of an answer that have their times as well: those with the most runs."""

By = Literal[
    "chain", "deployment", "backend", "principal", "status", "error", "hour", "day"
]
Over = Literal["hour", "day"]
Counted = tuple[int, Names | None, Tally]
Times = list[tuple[str, Tally]]
Group = Callable[[int, Names], str | None]


@dataclass(slots=True)
class Hour:
    """*rest* is what had no room for a group of its own."""

    groups: dict[Names, Tally] = field(default_factory=dict)
    rest: Tally | None = None

    def fold(self, tally: Tally) -> None:
        if self.rest is None:
            self.rest = Tally()
        self.rest.merge(tally)


@dataclass(frozen=True, slots=True)
class Found:
    """The groups by name, and what has none of these: *rest*.

    *times* are those of all runs, *times_of* those of the largest groups.
    """

    since: datetime
    totals: Tally
    groups: list[tuple[str | None, Tally]]
    rest: Tally
    errors: list[dict[str, object]]
    times: Times
    times_of: dict[str | None, Times]


class Week:
    """Counts runs; *now* is in seconds since 1970. Use it in one thread at a time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hours: dict[int, Hour] = {}
        self._groups = self._least = 0
        self._errors: list[tuple[float, str, Names]] = []

    def add(self, run: FinishedRun) -> None:
        self._expire()
        # A clock may have been set back since.
        hour = min(_hour(run.at), _hour(self._now()))
        if hour < self._least:
            return
        of = self._hours.setdefault(hour, Hour())
        self._tally(of, run.names).add(run)
        self._make_room()
        if run.names.error is not None:
            insort(self._errors, (run.at, run.id, run.names), key=lambda each: each[0])
            del self._errors[:-MAX_ERRORS]

    def _tally(self, of: Hour, names: Names) -> Tally:
        if (found := of.groups.get(names)) is not None:
            return found
        if len(of.groups) >= MAX_AN_HOUR:
            of.rest = of.rest or Tally()
            return of.rest
        self._groups += 1
        return of.groups.setdefault(names, Tally())

    def _make_room(self) -> None:
        while self._groups > MAX_GROUPS:
            oldest = min(hour for hour, of in self._hours.items() if of.groups)
            _, tally = self._hours[oldest].groups.popitem()
            self._hours[oldest].fold(tally)
            self._groups -= 1

    def _expire(self) -> None:
        least = _hour(self._now()) - HOURS + 1
        if least != self._least:
            for hour in [each for each in self._hours if each < least]:
                self._groups -= len(self._hours.pop(hour).groups)
            self._errors = [each for each in self._errors if _hour(each[0]) >= least]
        self._least = least

    def report(
        self, since: float, by: By, *, whose: "Whose", over: Over | None = None
    ) -> Found:
        """What *whose* runs used from the hour of *since* on, also *over* time."""
        self._expire()
        least = max(_hour(since), self._least)
        group, totals, rest = _group(by), Tally(), Tally()
        groups: dict[str | None, Tally] = {}
        counted = list(self._among(least, whose))
        for hour, names, tally in counted:
            totals.merge(tally)
            if names is not None:
                groups.setdefault(group(hour, names), Tally()).merge(tally)
            elif by in ("hour", "day"):
                groups.setdefault(_time(hour, by), Tally()).merge(tally)
            else:
                rest.merge(tally)
        listed = _largest(groups, rest, in_time=by in ("hour", "day"))
        return Found(
            datetime.fromtimestamp(least * 3600, UTC),
            totals,
            listed,
            rest,
            list(self._newest_errors(least * 3600, whose)),
            _times(counted, over) if over else [],
            _times_of([name for name, _ in listed[:MAX_SERIES]], counted, group, over)
            if over
            else {},
        )

    def _among(self, least: int, whose: "Whose") -> Iterator[Counted]:
        for hour, of in self._hours.items():
            if hour < least:
                continue
            for names, tally in of.groups.items():
                if whose.has(names):
                    yield hour, names, tally
            # Whose those runs were is not known any more.
            if whose.everyones and of.rest is not None:
                yield hour, None, of.rest

    def _newest_errors(
        self, since: float, whose: "Whose"
    ) -> Iterator[dict[str, object]]:
        left = MAX_LISTED_ERRORS
        for at, run, names in reversed(self._errors):
            if at < since or not left:
                return
            if whose.has(names):
                left -= 1
                when = datetime.fromtimestamp(at, UTC).isoformat()
                when = when.replace("+00:00", "Z")
                yield {
                    "run_id": run,
                    "timestamp": when,
                    "code": names.error,
                    "chain": names.chain,
                }


@dataclass(frozen=True, slots=True)
class Whose:
    """The runs of *principal*, which is `None` of unknown callers; or everyone's."""

    principal: str | None
    everyones: bool = False

    def has(self, names: Names) -> bool:
        return self.everyones or names.principal == name(self.principal)


def _hour(at: float) -> int:
    return int(at // 3600)


def _group(by: By) -> Group:
    if by == "hour" or by == "day":
        return lambda hour, _: _time(hour, by)
    return lambda _, names: str(value) if (value := getattr(names, by)) else None


def _time(hour: int, by: By) -> str:
    at = datetime.fromtimestamp(hour * 3600, UTC)
    return at.strftime("%Y-%m-%dT%H:00:00Z" if by == "hour" else "%Y-%m-%d")


def _times(counted: Iterable[Counted], over: Over) -> Times:
    times = dict[str, Tally]()
    for hour, _, tally in counted:
        times.setdefault(_time(hour, over), Tally()).merge(tally)
    return sorted(times.items(), key=lambda each: each[0])


def _times_of(
    groups: Iterable[str | None], counted: Iterable[Counted], group: Group, over: Over
) -> dict[str | None, Times]:
    parts: dict[str | None, list[Counted]] = {name: [] for name in groups}
    for each in counted:
        hour, names, _ = each
        if names is not None and (part := parts.get(group(hour, names))) is not None:
            part.append(each)
    return {name: _times(part, over) for name, part in parts.items()}


def _largest(
    groups: dict[str | None, Tally], rest: Tally, *, in_time: bool
) -> list[tuple[str | None, Tally]]:
    """*groups* in order; what is too much is merged into *rest*."""
    if in_time:
        return sorted(groups.items(), key=lambda each: str(each[0]))
    ordered = sorted(groups.items(), key=lambda each: (-each[1].runs, str(each[0])))
    for _, tally in ordered[MAX_LISTED:]:
        rest.merge(tally)
    return ordered[:MAX_LISTED]
