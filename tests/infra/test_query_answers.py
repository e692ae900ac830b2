"""What the queries answer over records, run by a translation of KQL for DuckDB."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import duckdb_kql
import pytest

from tests.infra.test_queries import FILES, PAGE, SHOWN
from tests.support.app_process import AppProcess

Rows = list[tuple[Any, ...]]
HOUR = datetime.now(UTC).replace(tzinfo=None, minute=0, second=0, microsecond=0)
COST = {"amount": 0.5, "currency": "USD"}
BUSY = {"backend": "one:443", "outcome": "busy", "duration_ms": 9}
TRIED = ("'ID'", "order by p95 desc", "customMetrics", "take_any", "timechart")
ANSWERED = {"backend": "two:443", "outcome": "answered", "duration_ms": 30}


class Log:
    """What Application Insights has of the log: its `traces`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, logged: Any) -> None:
        self._connection = connection
        self._logged = logged
        connection.execute("CREATE TABLE traces (timestamp TIMESTAMP, message TEXT)")

    def run(self, times: int = 1, **other: object) -> None:
        for _ in range(times):
            self.line(json.dumps(self._logged | other, separators=(",", ":")))

    def line(self, message: str) -> None:
        self._connection.execute("INSERT INTO traces VALUES (?, ?)", [HOUR, message])

    def table(self, name: str, columns: str, *rows: Sequence[object]) -> None:
        """Make another table, with *rows* of as many values as it has *columns*."""
        self._connection.execute(f"CREATE TABLE {name} ({columns})")
        for row in rows:
            places = ", ".join("?" * len(row))
            self._connection.execute(f"INSERT INTO {name} VALUES ({places})", row)

    def record(self, **other: object) -> str:
        return json.dumps(self._logged | other)

    def ask(self, query: str) -> Rows:
        text = query.replace("{Time:grain}", "1h")
        rows: Rows = duckdb_kql.kql(self._connection, text).fetchall()
        return rows


@pytest.fixture(scope="module")
def logged(offline: AppProcess) -> dict[str, object]:
    """The record that a run has left in the log."""
    response = offline.chat("Hello", chain="docs")
    return offline.record(response.headers["x-request-id"])


@pytest.fixture
def log(logged: dict[str, object]) -> Iterator[Log]:
    with duckdb_kql.connect() as connection:
        yield Log(connection, logged)


def test_more_than_a_twentieth_of_the_runs_fails(log: Log) -> None:
    log.run(16)
    log.run(2, status="error", error={"code": "upstream_error"})
    log.run(2, status="cancelled")
    assert log.ask(FILES["errors.kql"]) == [(10.0,)]


def test_too_few_runs_say_nothing(log: Log) -> None:
    log.run(19, status="error", error={"code": "upstream_error"})
    assert log.ask(FILES["errors.kql"]) == []
    assert log.ask(FILES["first_token.kql"]) == []


def test_the_first_token_is_late_for_a_twentieth(log: Log) -> None:
    log.run(38, time_to_first_chunk_ms=100)
    log.run(2, time_to_first_chunk_ms=20_000)
    log.run(9, time_to_first_chunk_ms=None)
    [(p95,)] = log.ask(FILES["first_token.kql"])
    assert 100 <= p95 <= 20_000


def test_a_sink_that_takes_nothing_is_seen(log: Log) -> None:
    log.run(3)
    notice = "telemetry to event_hubs: ConnectError, 3 in a row"
    log.line(notice)
    assert log.ask(FILES["backlog.kql"]) == [(HOUR, notice)]


def test_budgets_that_end_or_refuse_answers_are_seen(log: Log) -> None:
    log.run(3)
    log.run(status="budget", principal="web")
    log.run(status="error", error={"code": "quota_exceeded"}, principal="desk")
    rows = log.ask(FILES["budgets.kql"])
    assert {caller for _, caller in rows} == {"web", "desk"}


def test_requests_that_another_backend_answered_are_seen(log: Log) -> None:
    log.run(3, attempts=[ANSWERED])
    log.run(attempts=[BUSY, ANSWERED])
    assert log.ask(FILES["failovers.kql"]) == [(HOUR, "one:443", "busy")]


def test_the_workbook_shows_callers_errors_and_backends(log: Log) -> None:
    log.run(2, principal="web", cost=COST, attempts=[ANSWERED])
    log.run(principal="desk", cost=COST, status="error", error={"code": "deadline"})
    log.run(cost=None, attempts=[BUSY])
    assert log.ask(SHOWN["Cost by caller"]) == [
        ("web", "USD", 1.0, 2),
        ("desk", "USD", 0.5, 1),
    ]
    assert log.ask(SHOWN["Errors by code"]) == [("deadline", 1)]
    assert log.ask(SHOWN["Backends by what became of their requests"]) == [
        ("two:443", "answered", 2, 30),
        ("one:443", "busy", 1, 9),
    ]


@pytest.mark.parametrize("name", SHOWN)
def test_every_part_of_the_workbook_has_an_answer(log: Log, name: str) -> None:
    log.run(
        cost=COST,
        attempts=[ANSWERED],
        status="error",
        error={"code": "deadline"},
        inter_token_ms={"mean": 1.0, "p95": 2.0, "max": 3.0},
    )
    assert len(log.ask(SHOWN[name])) == 1


def test_every_query_of_the_page_is_tried() -> None:
    """Here, but for the two commands that make a table: these are no queries."""
    tried = {shown(part) for part in TRIED}
    [made] = set(PAGE.values()) - tried
    assert all(line.startswith(".create table Runs ") for line in made.splitlines())


def shown(begins: str) -> str:
    """The query of docs/monitoring.md that has *begins* in it, and no other."""
    [query] = [query for query in PAGE.values() if begins in query]
    return query


def test_the_page_finds_one_run_by_the_id_of_its_answer(log: Log) -> None:
    log.run(request_id="ID")
    log.run(request_id="another")
    [(_, message, record)] = log.ask(shown("'ID'"))
    assert json.loads(message)["request_id"] == "ID"
    assert json.loads(record)["request_id"] == "ID"


def test_the_page_shows_the_slowest_chains_first(log: Log) -> None:
    log.run(3, chain="quick", time_to_first_chunk_ms=100)
    log.run(2, chain="slow", time_to_first_chunk_ms=900)
    rows = log.ask(shown("order by p95 desc"))
    assert rows == [("slow", 900, 2), ("quick", 100, 3)]


def test_the_page_sums_a_metric_by_its_dimension(log: Log) -> None:
    columns = "timestamp TIMESTAMP, name TEXT, valueSum DOUBLE, customDimensions JSON"
    usage = "gen_ai.client.token.usage"
    kinds = [json.dumps({"gen_ai.token.type": kind}) for kind in ("input", "output")]
    rows = [(HOUR, usage, 5.0, kind) for kind in kinds for _ in range(2)]
    log.table("customMetrics", columns, *rows, (HOUR, "another", 9.0, kinds[0]))
    found = log.ask(shown("customMetrics"))
    assert sorted(found) == [("input", HOUR, 10.0), ("output", HOUR, 10.0)]


def test_the_page_sums_what_came_twice_to_a_hub_once(log: Log) -> None:
    day = "2026-11-28T09:00:00.000000Z"
    one = log.record(id="1", principal="web", cost=COST, timestamp=day)
    two = log.record(id="2", principal="web", cost=COST, timestamp=day)
    log.table("Runs", "record JSON", (one,), (one,), (two,))
    [row] = log.ask(shown("take_any"))
    assert ("web" in row, 1.0 in row) == (True, True), row


def each_percentile(query: str) -> str:
    """*query* without `percentiles`, for which the translation has no word."""

    def apart(match: re.Match[str]) -> str:
        ranks = match[2].split(", ")
        return ", ".join(f"percentile({match[1]}, {rank})" for rank in ranks)

    return re.sub(r"percentiles\((\w+), ([\d, ]+)\)", apart, query)


def test_the_page_of_usage_counts_what_its_picture_draws(log: Log) -> None:
    log.run(3, chain="docs", cost=COST, time_to_first_chunk_ms=100)
    log.run(chain="docs", cost=None, error={"code": "deadline"}, status="error")
    query = shown("timechart").replace("| render timechart\n", "")
    [row] = log.ask(each_percentile(query))
    assert row[:6] == ("docs", HOUR, 4, 1, 0, 1.5)
