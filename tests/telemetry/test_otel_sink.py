"""OpenTelemetry's sink: which settings make one, and what it does with a record."""

import os
from pathlib import Path
from typing import Any

import pytest

import settings as configuration
from settings import Settings, SettingsError
from telemetry import records
from telemetry import sender as sending
from telemetry.journal import Journal
from telemetry.sender import Sender
from telemetry.sinks import Rejected, otel
from tests.support.app_process import until
from tests.telemetry.otel_collector import Collector, attributes
from tests.telemetry.run_spans import seen
from tests.telemetry.trace_context import TRACEPARENT, record, traces


def load(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Settings:
    for name in [*os.environ, *map(str.upper, Settings.model_fields)]:
        if name.startswith(("OTEL_", "PYTHON_", "AZURE_", "OPENAI_")):
            monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return configuration.load()


def built(monkeypatch: pytest.MonkeyPatch, **environment: str) -> otel.OtelSink:
    sink = otel.build(load(monkeypatch, **environment))
    assert sink is not None
    return sink


GENERAL = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (None, None)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, (None, None)),
        (GENERAL, ("otlp", "otlp")),
        ({**GENERAL, "OTEL_TRACES_EXPORTER": "none"}, (None, "otlp")),
        ({**GENERAL, "OTEL_METRICS_EXPORTER": "console"}, ("otlp", "console")),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://h/x"}, ("otlp", None)),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://h/x"}, (None, "otlp")),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ("otlp", None)),
    ],
)
def test_the_standard_settings_say_what_is_sent(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    expected: tuple[str | None, str | None],
) -> None:
    loaded = load(monkeypatch, **environment)
    assert loaded.otel_exporters == expected
    assert (otel.build(loaded) is None) is (expected == (None, None))
    disabled = load(monkeypatch, **environment, OTEL_SDK_DISABLED="true")
    assert otel.build(disabled) is None


def test_a_protocol_that_has_no_exporter_is_refused_at_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SettingsError, match=r"PROTOCOL: expected 'http/protobuf'"):
        load(monkeypatch, **GENERAL, OTEL_EXPORTER_OTLP_PROTOCOL="grpc")


def test_spans_come_when_the_collector_is_back_and_are_measured_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sending, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(sending, "LONGEST_PAUSE_SECONDS", 0.002)
    journal = Journal(tmp_path, ["otel"], keep=False)
    journal.append(records.dumps(record(request_id="one")))
    with Collector(status=503) as collector:
        # A time in which it cannot try again by itself.
        environment = {"ENDPOINT": collector.url, "TIMEOUT": "0.9"}
        sink = built(
            monkeypatch,
            **{f"OTEL_EXPORTER_OTLP_{k}": v for k, v in environment.items()},
        )
        sender = Sender("otel", sink, journal)
        sender.start()
        collector.wait(lambda: len(list(collector.exports())) > 2 or None)
        collector.status = 200
        journal.append(records.dumps(record(request_id="two")))
        collector.tree("two")
        sender.stop(5)
        sender.join()
        journal.close()
        first = collector.tree("one")
        ids = {(span.name, span.span_id) for span in first}
        for spans in list(collector.exports())[:3]:
            assert {(span.name, span.span_id) for span in spans} == ids
        [(told, runs, _)] = collector.metrics()["gen_ai.workflow.duration"]
    assert (told["gen_ai.workflow.name"], runs) == ("mine", 2)
    assert sender.rejected == 0


def test_what_the_collector_calls_malformed_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is looked for by halves then, and takes no other along."""
    with Collector(status=400) as collector:
        sink = built(monkeypatch, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=traces(collector))
        with pytest.raises(Rejected, match="the collector answered with status 400"):
            sink.emit([record(request_id="one")])
        collector.status = 200
        sink.emit([record(request_id="two")])
        collector.tree("two")
        sink.close()


def test_what_no_collector_answers_is_not_judged_by_its_last_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sending, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(sending, "LONGEST_PAUSE_SECONDS", 0.002)
    journal = Journal(tmp_path, ["otel"], keep=False)
    with Collector(status=400) as collector:
        environment = {"TRACES_ENDPOINT": traces(collector), "TIMEOUT": "0.9"}
        sink = built(
            monkeypatch,
            **{f"OTEL_EXPORTER_OTLP_{k}": v for k, v in environment.items()},
        )
        sender = Sender("otel", sink, journal)
        sender.start()
        journal.append(records.dumps(record(request_id="one")))
        until(lambda: sender.rejected == 1)
    journal.append(records.dumps(record(request_id="two")))
    until(lambda: sender.failures + sender.rejected > 1)
    with Collector(port=collector.port) as back:
        back.tree("two")
        sender.stop(5)
        sender.join()
    journal.close()
    assert (sender.rejected, sender.sent) == (1, 1)


def test_an_error_that_the_chain_survived_has_its_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Collector() as collector:
        sink = built(monkeypatch, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=traces(collector))
        sink.emit([record(request_id="one", traceparent=TRACEPARENT)])
        sink.close()
        statuses = [
            (name, status, told.get("error.type"))
            for name, _, status, told in seen(collector.tree("one"))
        ]
    assert statuses == [
        ("invoke_workflow mine", "UNSET", None),
        ("chat gpt-4o", "ERROR", "OpenAITimeout"),
        ("chat gpt-4o", "UNSET", None),
    ]
    assert collector.metrics() == {}


def test_what_protobuf_does_not_know_is_sent_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    odd = record(request_id="one", chain="half \ud800", traceparent="\ud800-00")
    odd["calls"][0]["parameters"] = {"seed": 2**70, "n": 3}
    with Collector() as collector:
        sink = built(monkeypatch, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=traces(collector))
        sink.emit([odd])
        sink.close()
        tree = collector.tree("one")
    assert tree.span.name == "invoke_workflow half ?"
    call = attributes(tree.within[0].attributes)
    assert call["gen_ai.request.seed"] == 2**63 - 1
    assert call["gen_ai.request.choice.count"] == 3


@pytest.mark.parametrize(
    "broken", [{}, {**record(), "id": "1"}, {**record(), "calls": [{}]}]
)
def test_what_is_no_record_is_rejected(
    monkeypatch: pytest.MonkeyPatch, broken: Any
) -> None:
    sink = built(monkeypatch, OTEL_TRACES_EXPORTER="otlp")
    with pytest.raises(Rejected, match="it is no record"):
        sink.emit([broken])
    sink.close()
