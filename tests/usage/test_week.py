"""The aggregate of seven days: what it sums, and what it takes of memory."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.usage import Whose, finished
from telemetry.usage.finished import FinishedRun
from telemetry.usage.histogram import Histogram
from telemetry.usage.tally import SHARES
from telemetry.usage.week import (
    MAX_AN_HOUR,
    MAX_GROUPS,
    MAX_LISTED,
    MAX_SERIES,
    By,
    Week,
)
from tests.usage.written_records import NOW, written

ALL = Whose(None, everyones=True)
DAY = NOW - 86_400


def run(**fields: Any) -> FinishedRun:
    found = finished.read(written(**fields))
    assert found is not None
    return found


def week(*runs: FinishedRun) -> Week:
    made = Week(lambda: NOW)
    for each in runs:
        made.add(each)
    return made


def ago(**how: float) -> str:
    return (datetime.fromtimestamp(NOW, UTC) - timedelta(**how)).isoformat()


def test_what_runs_used_is_summed_without_drift() -> None:
    found = week(*(run() for _ in range(10))).report(DAY, "chain", whose=ALL)
    [(name, tally)] = found.groups
    assert (name, tally.as_dict()) == (
        "chat",
        {
            "runs": 10,
            "errors": 0,
            "input_tokens": 70,
            "output_tokens": 300,
            "cached_tokens": 20,
            "reasoning_tokens": 10,
            "cost": {"EUR": 1.0},
            "time_to_first_token_ms": dict.fromkeys(SHARES, 939.0),
            "latency_ms": dict.fromkeys(SHARES, 1880.0),
            "tokens_per_second": dict.fromkeys(SHARES, 29.3),
        },
    )
    assert found.totals.as_dict() == tally.as_dict()


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("chain", ["chat", "docs"]),
        ("deployment", ["gpt-4o"]),
        ("backend", ["127.0.0.1:9000"]),
        ("principal", ["web", None]),
        ("status", ["ok", "error"]),
        ("error", [None, "overloaded"]),
        ("hour", ["2027-01-14T08:00:00Z", "2027-01-15T07:00:00Z"]),
        ("day", ["2027-01-14", "2027-01-15"]),
    ],
)
def test_groups_are_made_by(by: By, names: list[str | None]) -> None:
    failed = {"status": "error", "error": {"code": "overloaded"}, "chain": "docs"}
    made = week(
        run(principal="web"),
        run(principal="web"),
        run(timestamp=ago(hours=24), **failed),
    )
    found = made.report(DAY, by, whose=ALL)
    assert [name for name, _ in found.groups] == names


def test_the_largest_groups_have_their_times_too() -> None:
    made = week(
        *(run(timestamp=ago(hours=hours), chain="docs") for hours in (1, 1, 20)),
        *(run(chain=str(number)) for number in range(MAX_SERIES)),
    )
    found = made.report(DAY, "chain", whose=ALL, over="day")
    counts = {
        name: [(at, tally.runs) for at, tally in times]
        for name, times in found.times_of.items()
    }
    assert counts == {
        "docs": [("2027-01-14", 1), ("2027-01-15", 2)],
        **{str(number): [("2027-01-15", 1)] for number in range(MAX_SERIES - 1)},
    }
    days = [(at, tally.runs) for at, tally in found.times]
    assert days == [("2027-01-14", 1), ("2027-01-15", 2 + MAX_SERIES)]
    hours = made.report(DAY, "chain", whose=ALL, over="hour")
    assert [at for at, _ in hours.times_of["docs"]] == [
        "2027-01-14T12:00:00Z",
        "2027-01-15T07:00:00Z",
    ]
    assert made.report(DAY, "chain", whose=ALL).times == []


def test_nobody_sees_the_times_of_others() -> None:
    made = week(
        *(run(principal=str(number)) for number in range(MAX_AN_HOUR + 9)),
    )
    found = made.report(DAY, "chain", whose=Whose("1"), over="hour")
    assert [tally.runs for _, tally in found.times] == [1]
    assert [tally.runs for _, tally in found.times_of["chat"]] == [1]
    whole = made.report(DAY, "chain", whose=ALL, over="hour")
    assert [tally.runs for _, tally in whole.times] == [MAX_AN_HOUR + 9]
    assert [tally.runs for _, tally in whole.times_of["chat"]] == [MAX_AN_HOUR]


def test_quantiles_are_in_order_however_few_there_are() -> None:
    histogram = Histogram()
    assert histogram.quantiles(SHARES.values()) == [None] * 5
    for value in (1, 100, 10_000):
        histogram.add(value)
    assert histogram.quantiles([0, 0.3, 0.5, 0.99, 1]) == [
        1.09,
        1.09,
        98.7,
        10_600.0,
        10_600.0,
    ]


def test_what_is_older_than_asked_or_than_a_week_is_left_out() -> None:
    made = week(
        run(timestamp=ago(hours=1)),
        run(timestamp=ago(days=2)),
        run(timestamp=ago(days=8)),
        run(timestamp=ago(days=-3)),  # The clock was set back since: it counts as now.
    )
    assert made.report(DAY, "chain", whose=ALL).totals.runs == 2
    assert made.report(0, "chain", whose=ALL).totals.runs == 3
    assert made.report(0, "chain", whose=ALL).since == datetime.fromisoformat(
        "2027-01-08T09:00:00Z"
    )


def test_a_caller_sees_its_own_runs_and_errors_alone() -> None:
    failed = {"status": "error", "error": {"code": "overloaded"}}
    long = "x" * 200
    callers = ("a", "b", None, f"{long}1", f"{long}2", "other")
    made = week(*(run(principal=each, **failed) for each in callers))
    for each in callers:
        found = made.report(DAY, "principal", whose=Whose(each))
        assert found.totals.runs == len(found.errors) == 1
    assert made.report(DAY, "chain", whose=Whose("c")).totals.runs == 0
    assert made.report(DAY, "chain", whose=ALL).totals.runs == len(callers)


def test_memory_is_bounded_whatever_comes() -> None:
    """Callers without number, in every hour of the week, each with a long name."""
    now = [NOW - 7 * 86_400]
    made, count = Week(lambda: now[0]), 0
    tracemalloc.start()
    for hour in range(7 * 24):
        now[0] = NOW - (7 * 24 - 1 - hour) * 3600
        at = datetime.fromtimestamp(now[0], UTC).isoformat()
        for number in range(60):
            count += 1
            caller = f"{'x' * 150}{hour}-{number}"
            made.add(run(timestamp=at, principal=caller, error={"code": "e" * 500}))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > MAX_GROUPS + 2000
    assert used < 40 * 2**20
    found = made.report(0, "principal", whose=ALL)
    assert found.totals.runs == count
    assert len(found.groups) == MAX_LISTED
    assert sum(tally.runs for _, tally in found.groups) + found.rest.runs == count
    # Detail is lost of the oldest hours.
    newest = made.report(NOW, "principal", whose=ALL)
    assert (len(newest.groups), newest.rest.runs) == (60, 0)
    hours = made.report(0, "hour", whose=ALL)
    assert [tally.runs for _, tally in hours.groups] == [60] * 7 * 24


def test_one_hours_flood_costs_no_other_hour_its_groups() -> None:
    made = week(
        run(timestamp=ago(hours=3)),
        *(run(principal=str(number)) for number in range(MAX_AN_HOUR + 100)),
    )
    found = made.report(DAY, "principal", whose=ALL)
    assert found.rest.runs == 100
    assert found.totals.runs == MAX_AN_HOUR + 101
    assert made.report(DAY, "chain", whose=Whose(None)).totals.runs == 1


def test_a_week_later_nothing_is_left() -> None:
    now = [NOW]
    made = Week(lambda: now[0])
    made.add(run())
    now[0] += 7 * 86_400
    assert made.report(0, "chain", whose=ALL).totals.runs == 0
    made.add(run(timestamp=ago(days=-7)))
    assert made.report(0, "chain", whose=ALL).totals.runs == 1


@given(
    st.lists(st.floats(0.2, 3_000_000), min_size=1, max_size=50), st.floats(0.01, 0.99)
)
def test_a_quantile_is_right_to_a_tenth(values: list[float], share: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    exact = sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]
    [found] = histogram.quantiles([share])
    assert found is not None
    assert exact * 0.9 < found < exact * 1.1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(written())), values))
def test_no_record_of_another_version_is_too_odd(fields: dict[str, Any]) -> None:
    made = week()
    if (found := finished.read(written() | fields)) is not None:
        made.add(found)
    made.report(0, "chain", whose=ALL).totals.as_dict()
