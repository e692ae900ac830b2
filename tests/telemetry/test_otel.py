"""Runs as OpenTelemetry's spans and metrics, as a collector gets them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import settings as configuration
from settings import Settings, SettingsError
from streaming.events import Usage
from telemetry import records
from telemetry import sender as sending
from telemetry.journal import Journal
from telemetry.runs import ModelCall, Run
from telemetry.sender import Sender
from telemetry.sinks import Rejected, otel
from tests.conftest import azure
from tests.server import ROOT, Server
from tests.standin.process import StandIn
from tests.telemetry.collector import Collector, Tree, attributes

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"
PROXY = "/openai/deployments/gpt-4o/chat/completions"

VARYING = {
    "faas.invocation_id",
    "gen_ai.response.time_to_first_chunk",
    "langchain_stream.request.id",
    "langchain_stream.run.id",
    "langchain_stream.time_to_first_token",
    "server.port",
}
"""Of these it is only told that they are there."""

METRICS = {
    "gen_ai.client.operation.duration",
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.client.operation.time_per_output_chunk",
    "gen_ai.client.token.usage",
    "gen_ai.workflow.duration",
    "langchain_stream.time_to_first_token",
}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(standin: StandIn, collector: Collector) -> Iterator[Server]:
    """The app, which sends to the collector."""
    chains = ("inner", "silent", "broken")
    settings = azure(
        standin,
        CHAINS=",".join(f"{name}=tests.example_chains:{name}" for name in chains),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS="authorization=collector-key",
        OTEL_METRIC_EXPORT_INTERVAL="100",
        OTEL_SERVICE_NAME="chat-test",
    )
    with Server(settings) as server:
        yield server
    # Only now is everything there that there ever will be.
    everything = b"".join(body for _, body in collector.received)
    assert b"chat-test" in everything
    for private in (b"standin:", b"standin-key", b"tok0", b"tok1", b"collector-key"):
        assert private not in everything


def seen(tree: Tree) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Name, kind, status and attributes of each span; all are within the first."""
    for span in tree:
        start, end = span.start_time_unix_nano, span.end_time_unix_nano
        first, last = (tree.span.start_time_unix_nano, tree.span.end_time_unix_nano)
        assert first <= start <= end <= last
        assert not span.events
        assert not span.status.message
    return [
        (
            span.name,
            span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            span.status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
            {
                name: "*" if name in VARYING else value
                for name, value in attributes(span.attributes).items()
            },
        )
        for span in tree
    ]


def told(chain: str | None, status: str = "ok", **more: Any) -> dict[str, Any]:
    """The attributes of a run's span, but for those that *more* names."""
    return {
        "gen_ai.operation.name": "invoke_workflow",
        **({"gen_ai.workflow.name": chain} if chain else {}),
        "langchain_stream.run.id": "*",
        "langchain_stream.request.id": "*",
        "faas.invocation_id": "*",
        "langchain_stream.status": status,
        **more,
    }


REGION = {"langchain_stream.region": "Sweden Central"}
DIALECT, FINISH = "langchain_stream.dialect", "gen_ai.response.finish_reasons"
DURATION = "gen_ai.client.operation.duration"
STOP = {FINISH: ["stop"]}
FIRST = {"langchain_stream.time_to_first_token": "*"}
AZURE = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "azure.ai.openai",
    "gen_ai.request.model": "gpt-4o",
}
SERVER = {"server.address": "127.0.0.1", "server.port": "*"}
ANSWERED = {
    **AZURE,
    **SERVER,
    **REGION,
    "gen_ai.response.model": "gpt-4o-2024-11-20",
}
STREAMED = {
    "gen_ai.request.stream": True,
    "gen_ai.response.time_to_first_chunk": "*",
}


def used(tokens: int, output: int) -> dict[str, Any]:
    return {
        "gen_ai.usage.input_tokens": tokens,
        "gen_ai.usage.output_tokens": output,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
    }


def ask(server: Server, user: str, **body: Any) -> httpx.Response:
    return server.client.post(
        "/api/chat",
        json={"user": user, **body},
        headers={"traceparent": TRACEPARENT},
    )


def test_a_chains_run_is_a_span_within_the_callers_with_one_for_its_model_call(
    traced: Server, collector: Collector
) -> None:
    asked = {"chain": "chat", "temperature": 0.5, "seed": 7}
    response = ask(traced, "standin:answer tokens=3", **asked)
    tree = collector.tree(response.headers["x-request-id"])
    assert tree.span.trace_id.hex() == TRACE
    assert tree.span.parent_span_id.hex() == PARENT
    run = told("chat", **{DIALECT: "json"}, **REGION, **FIRST)
    call = {
        **ANSWERED,
        **STREAMED,
        **STOP,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.seed": 7,
        **used(7, 3),
    }
    assert seen(tree) == [
        ("invoke_workflow chat", "INTERNAL", "UNSET", run),
        ("chat gpt-4o", "CLIENT", "UNSET", call),
    ]


def test_a_run_has_a_span_for_each_of_its_model_calls(
    traced: Server, collector: Collector
) -> None:
    response = ask(traced, "standin:answer", chain="inner", stream=False)
    tree = collector.tree(response.headers["x-request-id"])
    scripted = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "unknown",
        "gen_ai.request.model": "scripted-1",
        "gen_ai.response.model": "scripted-1",
    }
    hidden = {FINISH: ["length"], **used(50, 5)}
    shown = {**STREAMED, **STOP, **used(10, 1)}
    assert seen(tree) == [
        (
            "invoke_workflow inner",
            "INTERNAL",
            "UNSET",
            told("inner", **{DIALECT: "json"}, **FIRST),
        ),
        ("chat scripted-1", "CLIENT", "UNSET", {**scripted, **hidden}),
        ("chat scripted-1", "CLIENT", "UNSET", {**scripted, **shown}),
    ]


@pytest.mark.parametrize("stream", [True, False])
def test_a_proxied_run_has_no_workflows_name(
    traced: Server, collector: Collector, stream: bool
) -> None:
    question = {"role": "user", "content": "standin:answer tokens=3"}
    body = {"messages": [question], "stream": stream, "max_tokens": 9, "n": 1}
    response = traced.client.post(PROXY, json=body)
    tree = collector.tree(response.headers["x-request-id"])
    streamed = STREAMED if stream else {}
    call = {
        **ANSWERED,
        **streamed,
        **STOP,
        "gen_ai.request.max_tokens": 9,
        **used(2, 3),
    }
    assert seen(tree) == [
        (
            "invoke_workflow",
            "INTERNAL",
            "UNSET",
            told(None, **{DIALECT: "openai"}, **REGION, **FIRST),
        ),
        ("chat gpt-4o", "CLIENT", "UNSET", call),
    ]
    run_id = attributes(tree.span.attributes)["langchain_stream.run.id"]
    assert tree.span.parent_span_id == b""
    assert tree.span.trace_id.hex() == run_id.replace("-", "")


def test_a_proxied_embedding_says_so(traced: Server, collector: Collector) -> None:
    path = "/openai/deployments/gpt-4o/embeddings"
    response = traced.client.post(path, json={"input": "standin:answer"})
    tree = collector.tree(response.headers["x-request-id"])
    assert [span.name for span in tree] == ["invoke_workflow", "embeddings gpt-4o"]


def test_a_failed_run_says_what_kind_of_error_it_was(
    traced: Server, collector: Collector
) -> None:
    response = ask(traced, "standin:rate_limited", chain="chat")
    tree = collector.tree(response.headers["x-request-id"])
    error = {"error.type": "rate_limited"}
    assert seen(tree) == [
        (
            "invoke_workflow chat",
            "INTERNAL",
            "ERROR",
            told("chat", "error", **{DIALECT: "json"}, **REGION, **error),
        ),
        (
            "chat gpt-4o",
            "CLIENT",
            "ERROR",
            {**AZURE, **SERVER, **REGION, "error.type": "rate_limited"},
        ),
    ]


def test_a_failed_proxied_run_says_the_same(
    traced: Server, collector: Collector
) -> None:
    question = {"role": "user", "content": "standin:rate_limited"}
    response = traced.client.post(PROXY, json={"messages": [question]})
    tree = collector.tree(response.headers["x-request-id"])
    for span in tree:
        assert span.status.code == span.status.STATUS_CODE_ERROR
        assert attributes(span.attributes)["error.type"] == "rate_limited"


def test_a_callers_leaving_is_no_error(traced: Server, collector: Collector) -> None:
    with traced.streaming("standin:answer tokens=500 delay_ms=50") as answer:
        answer.next()
    tree = collector.tree(answer.request_id)
    cancelled = {"error.type": "cancelled"}
    run = told("chat", "cancelled", **{DIALECT: "json"}, **REGION, **FIRST, **cancelled)
    [(_, _, _, call)] = seen(tree)[1:]
    estimated = {name: call.pop(name) for name in used(0, 0)}
    assert estimated["gen_ai.usage.output_tokens"] > 0
    assert call == {
        **AZURE,
        **SERVER,
        **REGION,
        **STREAMED,
        **cancelled,
        "langchain_stream.usage.estimated": True,
    }
    assert seen(tree)[0] == ("invoke_workflow chat", "INTERNAL", "UNSET", run)


def test_a_run_without_a_model_is_one_span(
    traced: Server, collector: Collector
) -> None:
    response = ask(traced, "Hello", chain="silent", stream=False)
    tree = collector.tree(response.headers["x-request-id"])
    run = told("silent", **{DIALECT: "json"})
    assert seen(tree) == [("invoke_workflow silent", "INTERNAL", "UNSET", run)]


def test_an_exceptions_text_is_not_told(traced: Server, collector: Collector) -> None:
    response = ask(traced, "Hello", chain="broken")
    tree = collector.tree(response.headers["x-request-id"])
    error = {"error.type": "internal_error"}
    run = told("broken", "error", **{DIALECT: "json"}, **error)
    assert seen(tree) == [("invoke_workflow broken", "INTERNAL", "ERROR", run)]


def test_who_asks_not_to_be_traced_is_not(traced: Server, collector: Collector) -> None:
    headers = {"traceparent": f"{TRACEPARENT[:-2]}00"}
    body = {"user": "standin:answer", "stream": False}
    untraced = traced.client.post("/api/chat", json=body, headers=headers)
    later = ask(traced, "standin:answer", stream=False)
    # Records are sent in their order.
    collector.tree(later.headers["x-request-id"])
    assert all(
        untraced.headers["x-request-id"].encode() not in body
        for _, body in collector.received
    )


def test_every_metric_is_there(traced: Server, collector: Collector) -> None:
    ask(traced, "standin:answer tokens=3", chain="chat")
    ask(traced, "standin:rate_limited", chain="chat")
    server = {**SERVER, "server.port": traced_port(collector)}
    call = {**ANSWERED, **server}
    del call["langchain_stream.region"]

    def find() -> dict[str, Any] | None:
        points = collector.metrics()
        durations = [told for told, _, _ in points.get(DURATION, [])]
        failed = {**AZURE, **server, "error.type": "rate_limited"}
        return points if call in durations and failed in durations else None

    points = collector.wait(find)
    assert set(points) == METRICS
    kinds = [{**call, "gen_ai.token.type": kind} for kind in ("input", "output")]
    tokens = [told for told, _, _ in points["gen_ai.client.token.usage"]]
    assert [kind for kind in kinds if kind not in tokens] == []
    workflow = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": "chat",
    }
    assert workflow in [told for told, _, _ in points["gen_ai.workflow.duration"]]


def traced_port(collector: Collector) -> int:
    """The stand-in's, as the spans have it."""
    return next(
        int(told["server.port"])
        for spans in collector.exports()
        for span in spans
        if "server.port" in (told := attributes(span.attributes))
    )


def record(*, chain: str | None = "mine", **more: Any) -> records.Record:
    """Of a run with two model calls, the first of which failed."""
    run = Run(chain=chain or "", dialect="json", **more)
    failed = ModelCall("gpt-4o", provider="azure", error="OpenAITimeout")
    answered = ModelCall(
        "gpt-4o",
        model="gpt-4o-2024-11-20",
        provider="azure",
        finish_reason="stop",
        ended=True,
        usage=Usage(7, 3, 10),
    )
    for key, call in enumerate((failed, answered)):
        run.begin_call(key, call)
        call.ended_at = call.started
    run.finish()
    return records.loads(records.dumps(records.build(run, content=False)))


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


def traces(collector: Collector) -> str:
    return f"{collector.url}/v1/traces"


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
    monkeypatch: pytest.MonkeyPatch, broken: dict[str, Any]
) -> None:
    sink = built(monkeypatch, OTEL_TRACES_EXPORTER="otlp")
    with pytest.raises(Rejected, match="it is no record"):
        sink.emit([broken])
    sink.close()


PROVIDERS = """\
import json, sys
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import settings
from telemetry.sinks import Rejected, otel

sink, record = otel.build(settings.load()), json.loads(sys.argv[1])
try:
    sink.emit([record])
except Rejected as exc:
    print(exc)
spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
tracers = TracerProvider()
tracers.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(tracers)
metrics.set_meter_provider(MeterProvider([reader]))
sink.emit([record])
sink.close()
data = reader.get_metrics_data()
[scope] = data.resource_metrics[0].scope_metrics
print([span.name for span in spans.get_finished_spans()])
print(sorted(metric.name for metric in scope.metrics))
"""


def run(code: str, *arguments: str, **environment: str) -> list[str]:
    """The lines that *code* prints in a process of its own."""
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
        check=True,
    )
    return result.stdout.splitlines()


def test_the_workers_providers_are_used() -> None:
    """As `configure_azure_monitor` sets them, also where it does so a little later."""
    given = {"PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true"}
    missing, spans, metrics = run(PROVIDERS, json.dumps(record()), **given)
    assert missing == (
        "OpenTelemetry has no provider: is azure-monitor-opentelemetry installed?"
    )
    assert spans == str(["chat gpt-4o", "chat gpt-4o", "invoke_workflow mine"])
    # Nothing was streamed.
    streamed = ("chunk", "first_token")
    expected = [name for name in METRICS if not name.endswith(streamed)]
    assert metrics == str(sorted(expected))


WORKERS = """\
import os
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

def configure_azure_monitor(**_):
    tracers = TracerProvider()
    exporter = OTLPSpanExporter(os.environ["INSIGHTS"])
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(tracers)
"""


def test_the_worker_sends_to_application_insights(
    tmp_path: Path, standin: StandIn
) -> None:
    """Azure's own worker code; the package that it asks is a stand-in."""
    package = tmp_path / "azure/monitor/opentelemetry"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(WORKERS, encoding="utf-8")
    with Collector() as insights:
        settings = {
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true",
            "PYTHONPATH": str(tmp_path),
            "INSIGHTS": traces(insights),
        }
        with Server(azure(standin, **settings)) as server:
            response = ask(server, "standin:answer")

            def find() -> list[tuple[str, str]] | None:
                told = [
                    (span.name, span.trace_id.hex())
                    for [span] in insights.exports()
                    # Other libraries use the worker's providers too.
                    if span.name.startswith(("chat ", "invoke_workflow "))
                ]
                return told if len(told) == 2 else None

            both = insights.wait(find)
    assert response.status_code == 200
    assert both == [("chat gpt-4o", TRACE), ("invoke_workflow chat", TRACE)]


IMPORTED = """\
import chains, sys
chains.warm = lambda settings: None  # LangSmith imports a part of it.
import function_app
from telemetry import sinks
import settings
print(sorted(sinks.build(settings.load())))
print([name for name in sys.modules if name.startswith(
    ("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf"))])
"""


def test_nothing_of_the_sdk_is_imported_where_it_is_off() -> None:
    assert run(IMPORTED) == ["['log']", "[]"]


def test_nothing_of_the_sdk_is_imported_by_building_the_sink() -> None:
    code = IMPORTED.replace("import function_app\n", "")
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert run(code, **on) == ["['log', 'otel']", "[]"]


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


CONSOLE = """\
import json, sys, settings
from telemetry.sinks import otel

sink = otel.build(settings.load())
sink.emit([json.loads(sys.argv[1])])
sink.close()
"""


def test_the_console_gets_both() -> None:
    both = {"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "console"}
    written = "\n".join(run(CONSOLE, json.dumps(record()), **both))
    assert '"name": "invoke_workflow mine"' in written
    assert f'"name": "{DURATION}"' in written
