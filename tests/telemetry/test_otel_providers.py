"""OpenTelemetry's providers: the worker's, or the sink's own, imported when needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import ROOT, AppProcess
from tests.telemetry.otel_collector import Collector
from tests.telemetry.run_spans import DURATION, METRICS
from tests.telemetry.trace_context import TRACE, ask, record, traces


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
    expected.append("langchain_stream.tokens")
    assert metrics == str(sorted(expected))


HANDED_OVER = """\
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
import settings
from telemetry.sinks import Rejected, otel

ended = []

class Broken(SpanProcessor):
    def on_end(self, span):
        ended.append(span.name)
        if span.name.startswith("invoke_workflow"):
            raise RuntimeError

tracers = TracerProvider()
tracers.add_span_processor(Broken())
trace.set_tracer_provider(tracers)
sink, record = otel.build(settings.load()), json.loads(sys.argv[1])
try:
    sink.emit([record, {**record, "latency_ms": "long"}])
except Rejected:
    print(len(ended))
sink.emit([record, record])
print(len(ended))
"""


def test_what_others_providers_were_given_does_not_come_again() -> None:
    """Whatever they raise; and of a batch with a bad record they are given nothing."""
    given = {"PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "true"}
    assert run(HANDED_OVER, json.dumps(record()), **given) == ["0", "6"]


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
        with AppProcess(azure(standin, **settings)) as server:
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


IMPORTED = """\
import app, sys
app.App.warm = lambda app: None  # LangSmith imports a part of it.
import function_app
from telemetry import sinks
import settings
print("otel" in sinks.build(settings.load()))
print([name for name in sys.modules if name.startswith(
    ("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf"))])
"""


def test_nothing_of_the_sdk_is_imported_where_it_is_off() -> None:
    assert run(IMPORTED) == ["False", "[]"]


def test_nothing_of_the_sdk_is_imported_by_building_the_sink() -> None:
    code = IMPORTED.replace("import function_app\n", "")
    on = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert run(code, **on) == ["True", "[]"]
