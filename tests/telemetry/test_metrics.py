"""What a collector can alert on: counters, and gauges that are looked at."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.sinks.otel import names
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.markdown import PAGES, blocks, quoted, table
from tests.telemetry.otel_collector import Collector

PAGE = PAGES["docs/metrics.md"]
KEYS = "web:caller-key-web,caller-key-unnamed"
WEB, UNNAMED = "caller-key-web", "caller-key-unnamed"
Point = tuple[dict[str, Any], float]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def other() -> Iterator[StandIn]:
    with StandIn() as other:
        yield other


@pytest.fixture(scope="module")
def server(
    standin: StandIn, other: StandIn, collector: Collector
) -> Iterator[AppProcess]:
    """The app with two backends, which sends to the collector."""
    backends = [
        {"endpoint": standin.url, "deployment": "ptu", "api_key": standin.key},
        {
            "endpoint": other.url,
            "deployment": "payg",
            "api_key": other.key,
            "priority": 2,
        },
    ]
    given = {
        "AZURE_OPENAI_BACKENDS": json.dumps(backends),
        "API_KEYS": KEYS,
        "PRICES": '{"*": {"input": 1, "output": 10}, "currency": "EUR"}',
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_METRIC_EXPORT_INTERVAL": "100",
    }
    with AppProcess(given) as server:
        server.client.headers["api-key"] = WEB
        server.warm()
        yield server


def values(collector: Collector, name: str, least: int = 1) -> list[Point]:
    """The newest values of the metric, once there are *least* of them."""

    def find() -> list[Point] | None:
        found = collector.values().get(name, [])
        return found if len(found) >= least else None

    return collector.wait(find)


def where(server: StandIn, deployment: str) -> dict[str, Any]:
    host, port = server.url.removeprefix("http://").split(":")
    return {
        "gen_ai.request.model": deployment,
        "server.address": host,
        "server.port": int(port),
    }


CALLER = {"gen_ai.workflow.name": "chat", "langchain_stream.key": "web"}


def test_a_failover_is_seen_at_the_backend_that_failed(
    server: AppProcess, standin: StandIn, other: StandIn, collector: Collector
) -> None:
    done = server.events("standin:rate_limited retry_after=60 only=ptu")[-1][1]
    assert done["deployment"] == "payg"
    failed = {**CALLER, **where(standin, "ptu"), "error.type": "429"}
    assert values(collector, "langchain_stream.failovers") == [(failed, 1)]
    answered = {**CALLER, **where(other, "payg")}
    usage = done["usage"]
    assert values(collector, "langchain_stream.tokens", 2) == [
        ({**answered, "gen_ai.token.type": "input"}, usage["input_tokens"]),
        ({**answered, "gen_ai.token.type": "output"}, usage["output_tokens"]),
    ]
    [(of, amount)] = values(collector, "langchain_stream.cost")
    assert of == {**answered, "langchain_stream.currency": "EUR"}
    assert amount == pytest.approx(done["cost"]["amount"])
    resting = values(collector, "langchain_stream.backend.resting", 2)
    seconds = {of["gen_ai.request.model"]: value for of, value in resting}
    assert seconds["payg"] == 0
    assert 0 < seconds["ptu"] <= 60
    assert where(standin, "ptu") in [of for of, _ in resting]


def test_a_failed_run_is_counted_by_its_code(
    server: AppProcess, collector: Collector
) -> None:
    headers = {"api-key": UNNAMED}
    body = {"user": "standin:bad_param"}
    response = server.client.post("/api/chat", json=body, headers=headers)
    [(of, count)] = values(collector, "langchain_stream.errors")
    assert count == 1
    assert of["error.type"] == response.json()["error"]["code"]
    assert (
        of["langchain_stream.key"]
        == server.record(response.headers["x-request-id"])["principal"]
    )


def test_what_can_be_looked_at_is_looked_at(
    server: AppProcess, collector: Collector
) -> None:
    body = {"user": "standin:answer tokens=500 delay_ms=50"}
    with server.client.stream("POST", "/api/chat", json=body):
        collector.wait(lambda: _value(collector, "open_streams") == 1 or None)
    collector.wait(lambda: _value(collector, "open_streams") == 0 or None)
    assert 0 <= collector.wait(lambda: _value(collector, "event_loop.lag")) < 10
    [(of, size)] = values(collector, "langchain_stream.journal.backlog")
    assert of == {"langchain_stream.sink": "otel"}
    assert size >= 0


def _value(collector: Collector, name: str) -> float | None:
    points = collector.values().get(f"langchain_stream.{name}", [])
    return points[0][1] if points else None


def test_the_page_names_the_metrics_that_there_are() -> None:
    rows = list(table("Metrics: what to watch, and when to wake somebody", PAGE))
    shown = {name.strip("`"): unit.strip("`") for name, unit, *_ in rows}
    instruments = (*names.HISTOGRAMS, *names.COUNTERS, *names.GAUGES)
    assert shown == {each.name: each.unit for each in instruments}


def test_the_page_names_no_attribute_and_no_metric_that_there_is_not() -> None:
    known = {
        *strings(),
        *(each.name for each in (*names.HISTOGRAMS, *names.COUNTERS, *names.GAUGES)),
    }
    named = re.compile(r"(gen_ai|langchain_stream|server|error)\.[a-z_.]+")
    told = {each for each in quoted(PAGE) if named.fullmatch(each)}
    assert told <= known


def test_each_query_asks_for_what_there_is() -> None:
    """As the collector's exporter for Prometheus names it."""
    units = {"s": "_seconds", "By": "_bytes"}
    known = {name.replace(".", "_") for name in strings()}
    for each in (*names.HISTOGRAMS, *names.COUNTERS, *names.GAUGES):
        name = each.name.replace(".", "_") + units.get(each.unit, "")
        ends = ("_bucket", "_count", "_sum") if each.buckets else ("",)
        ends = ("_total",) if each in names.COUNTERS else ends
        known |= {name + end for end in ends}
    [block] = blocks("promql")
    queried = set(re.findall(r"\b(?:langchain_stream|gen_ai|server)_\w+", block.code))
    assert len(queried) > 8
    assert queried <= known


def strings() -> set[str]:
    return {value for value in vars(names).values() if isinstance(value, str)}
