"""What the queries answer over records, run by a translation of KQL for DuckDB."""

import json
from collections.abc import Iterator
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


@pytest.mark.parametrize("query", PAGE.values(), ids=PAGE)
def test_every_query_of_the_page_is_kql(query: str) -> None:
    for statement in query.splitlines() if query.startswith(".") else [query]:
        assert statement.startswith(".create") or not duckdb_kql.validate(statement)
