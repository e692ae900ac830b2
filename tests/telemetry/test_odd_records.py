"""Records with anything in them, on their way to a collector."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry import records
from telemetry import sender as sending
from telemetry.journal import Journal
from telemetry.sender import Sender
from telemetry.sinks import Rejected
from telemetry.sinks.otel import OtelSink
from telemetry.sinks.otel.attributes import MOST
from tests.support.app_process import until
from tests.telemetry.otel_collector import Collector, attributes
from tests.telemetry.test_otel_sink import built
from tests.telemetry.trace_context import record

HUGE, MEGABYTE = 10**400, "x" * 2**20
WORKFLOWS = "gen_ai.workflow.duration"

REJECTED: list[dict[str, Any]] = [
    {"latency_ms": HUGE},
    {"latency_ms": "long"},
    {"latency_ms": float("nan")},
    {"timestamp": "yesterday"},
    {"timestamp": "1969-12-31T23:59:59Z"},
    {"time_to_first_chunk_ms": -1},
    {"id": 7},
    {"error": ["code"]},
    {"traceparent": [1]},
    {"principal": {"name": "x"}},
    {"calls": None},
    {"call.usage": {"prompt_tokens": HUGE}},
    {"call.usage": {"completion_tokens": -1}},
    {"call.usage": {"prompt_tokens": "7"}},
    {"call.parameters": {"seed": [1]}},
    {"call.started_ms": -(10**30)},
    {"call.ended_ms": float("inf")},
    {"call.chunks": None},
]
TAKEN: list[dict[str, Any]] = [
    {"traceparent": "00-garbage-\ud800"},
    {"principal": MEGABYTE},
    {"deployment": None, "inter_token_ms": {"mean": HUGE}},
    {"error": {"code": 5}},
    {"call.model": "\udc00" * 2000},
    {"call.chunks": 2, "call.first_chunk_ms": None},
    {"call.deployment": MEGABYTE},
    {"call.parameters": {"seed": -HUGE, "temperature": float("inf"), "top_p": None}},
]


def odd(changes: dict[str, Any], **more: Any) -> Any:
    """A record whose fields, and those of its last call, have *changes*."""
    changed: Any = deepcopy(record(**more))
    call = changed["calls"][-1]
    for name, value in changes.items():
        within = call if name.startswith("call.") else changed
        field = name.removeprefix("call.")
        merged = isinstance(value, dict) and isinstance(within[field], dict)
        within[field] = within[field] | value if merged else value
    return changed


@contextmanager
def sent(
    patched: pytest.MonkeyPatch, folder: Path, lines: list[bytes]
) -> Iterator[tuple[Collector, Sender]]:
    """What *lines* have become, of which all were there before the first went."""
    patched.setattr(sending, "FIRST_PAUSE_SECONDS", 0.001)
    patched.setattr(sending, "LONGEST_PAUSE_SECONDS", 0.002)
    journal = Journal(folder, ["otel"], keep=False)
    for line in lines:
        journal.append(line)
    with Collector() as collector:
        sink = built(patched, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        sender = Sender("otel", sink, journal)
        sender.start()
        until(lambda: sender.sent + sender.rejected == len(lines))
        sender.stop(5)
        sender.join()
        yield collector, sender
    journal.close()


def requests(collector: Collector) -> list[Any]:
    """The request of each run's span, in the order in which they came."""
    told = [
        attributes(span.attributes) for spans in collector.exports() for span in spans
    ]
    name = "langchain_stream.request.id"
    return [each[name] for each in told if name in each]


@pytest.mark.parametrize("changes", REJECTED, ids=lambda changes: f"{changes!s:.60}")
def test_a_record_that_cannot_be_told_is_rejected_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changes: dict[str, Any]
) -> None:
    good = [records.dumps(record(request_id=str(number))) for number in range(5)]
    bad = json.dumps(odd(changes, request_id="odd")).encode()
    lines = [*good[:3], bad, *good[3:]]
    with sent(monkeypatch, tmp_path, lines) as (collector, sender):
        assert requests(collector) == ["0", "1", "2", "3", "4"]
        assert sender.rejected == 1
        [(_, runs, _)] = collector.metrics()[WORKFLOWS]
        assert runs == 5


def test_what_is_odd_and_can_be_told_goes_once_with_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = [odd(changes, request_id=str(n)) for n, changes in enumerate(TAKEN)]
    lines = [json.dumps(each).encode() for each in told]
    with sent(monkeypatch, tmp_path, lines) as (collector, sender):
        assert sorted(requests(collector)) == [str(n) for n in range(len(TAKEN))]
        assert sender.rejected == 0
        assert sum(runs for _, runs, _ in collector.metrics()[WORKFLOWS]) == len(TAKEN)
        assert max(len(body) for _, body in collector.received) < 50_000


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    # Numbers that have to be bounded, and a text that is none to protobuf.
    | st.sampled_from([HUGE, -HUGE, 2**63, 1e300, "half \ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)
fields = st.sampled_from(
    [*record(), *(f"call.{name}" for name in record()["calls"][0])]
)
usages = st.dictionaries(st.sampled_from(list(record()["usage"])), anything)
changed = st.dictionaries(fields, anything, max_size=3) | st.fixed_dictionaries(
    {"call.usage": usages}
)


@pytest.fixture(scope="module")
def collected() -> Iterator[tuple[OtelSink, Collector]]:
    with pytest.MonkeyPatch.context() as patched, Collector() as collector:
        sink = built(patched, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        yield sink, collector
        sink.close()
        # What was measured can be sent, and has spoiled no sum.
        for points in collector.metrics().values():
            for _, count, total in points:
                assert 0 <= total <= count * MOST


@settings(max_examples=300)
@given(changes=changed)
def test_whatever_is_in_a_record_it_is_sent_or_rejected(
    collected: tuple[OtelSink, Collector], changes: dict[str, Any]
) -> None:
    sink, collector = collected
    before = len(collector.received)
    try:
        sink.emit([record(), odd(changes)])
    except Rejected:
        assert len(collector.received) == before
    else:
        assert len(collector.received) == before + 1
