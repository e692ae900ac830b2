"""Each run as OpenTelemetry's spans and metrics, sent to where `OTEL_*` settings point.

If the process has providers already, as Azure's worker sets them up for Application
Insights, these are used and decide on everything. Otherwise this sends by OTLP itself.
"""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from settings import VERSION, Settings
from telemetry.readings import Readings
from telemetry.records import Record
from telemetry.sinks import Rejected, Sink, Unavailable
from telemetry.sinks.otel import instruments
from telemetry.sinks.otel.conventions import Described, SpanDescription
from telemetry.sinks.otel.ids import Ids

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Meter
    from opentelemetry.sdk.metrics.export import MetricExporter
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, SpanKind, Tracer

SCOPE = "langchain_stream"
REFUSED = frozenset({400, 413, 422})
"""Statuses with which a collector rejects the spans, rather than being unavailable."""

CLOSE_SECONDS = 1.0
"""How long the last metrics may take when the process ends."""


class NotExported(Unavailable):
    """The collector has not taken the spans; they are sent again."""


class OtelSink(Sink):
    """Sends through the outlet that *connect* makes.

    A record that cannot be described is rejected before any of it is sent. Metrics are
    recorded after the collector has taken the spans, so that a record which is sent
    again is measured once. Providers that others have set up get each record once,
    whatever they raise. Metrics name callers by *keys* alone.
    """

    def __init__(
        self,
        connect: "Callable[[], Outlet]",
        *,
        measures: bool = False,
        keys: Collection[str] = (),
    ) -> None:
        self._connect, self._keys = connect, keys
        self.measures = measures
        self._outlet: Outlet | None = None
        self._readings: Readings | None = None

    def watch(self, readings: Readings) -> None:
        self._readings = readings

    def open(self) -> None:
        """Import the SDK, so that the first run need not wait for it."""
        if self._outlet is None:
            self._outlet = self._connect()
            instruments.observe(self._outlet.meter, lambda: self._readings)

    def emit(self, records_: Sequence[Record]) -> None:
        self.open()
        assert self._outlet is not None
        try:
            described = [Described(record, self._keys) for record in records_]
        except Exception as exc:
            raise Rejected(f"it is no record: {type(exc).__name__}") from exc
        self._outlet.take(described)

    def close(self) -> None:
        if self._outlet is not None:
            self._outlet.close()


@dataclass(frozen=True, slots=True)
class Own:
    """Providers that this sink has made; `spans` is `None` if traces are switched off.

    `statuses` holds the status of the collector's last answer, 0 if there is none.
    """

    ids: Ids
    spans: "SpanExporter | None"
    statuses: deque[int]
    close: Callable[[], None]


class Outlet:
    """Makes spans with *tracer* and measures with *meter*; *own* sends the spans.

    Without *own*, the providers of *tracer* and *meter* send.
    """

    def __init__(self, tracer: "Tracer", meter: "Meter", own: Own | None) -> None:
        self._tracer, self._own = tracer, own
        self._recorders = instruments.recorders(meter)
        self.meter = meter

    def take(self, described: Sequence[Described]) -> None:
        """Export all of *described*, or raise and export nothing."""
        if self._own is None:
            self._hand_over(described)
            return
        try:
            spans = [span for each in described for span in self._spans(each)]
        except Exception as exc:
            raise Rejected(f"it makes no span: {type(exc).__name__}") from exc
        self._send(spans, self._own)
        self._measure(described)

    def _hand_over(self, described: Sequence[Described]) -> None:
        from opentelemetry import trace

        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            raise Rejected(
                "OpenTelemetry has no provider: is azure-monitor-opentelemetry "
                "installed?"
            )
        for each in described:
            with suppress(Exception):
                self._spans(each)
        self._measure(described)

    def _spans(self, described: Described) -> "list[Span]":
        """The ended spans of one run: its own, and one for each model call in it.

        By default, `OTEL_TRACES_SAMPLER` follows the decision in the caller's
        `traceparent`, if there is one.
        """
        from opentelemetry.context import Context
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation import tracecontext

        if self._own is not None:
            self._own.ids.begin(described.id)
        carrier = {"traceparent": described.traceparent}
        above = tracecontext.TraceContextTextMapPropagator().extract(carrier, Context())
        run = self._start(described.run, above, SpanKind.INTERNAL)
        within, spans = set_span_in_context(run, above), [run]
        for call in described.calls:
            spans.append(span := self._start(call, within, SpanKind.CLIENT))
            span.end(call.end)
        run.end(described.run.end)
        return spans

    def _start(
        self, described: SpanDescription, within: "Context", kind: "SpanKind"
    ) -> "Span":
        from opentelemetry.trace import StatusCode

        span = self._tracer.start_span(
            described.name,
            within,
            kind,
            described.attributes,
            start_time=described.start,
        )
        if described.failed:
            span.set_status(StatusCode.ERROR)
        return span

    def _send(self, spans: "Sequence[Span]", own: Own) -> None:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.trace.export import SpanExportResult

        sampled = [
            span
            for span in spans
            if isinstance(span, ReadableSpan)
            and span.get_span_context().trace_flags.sampled
        ]
        if own.spans is None or not sampled:
            return
        own.statuses.append(0)
        if own.spans.export(sampled) is not SpanExportResult.SUCCESS:
            if (status := own.statuses[-1]) in REFUSED:
                raise Rejected(f"the collector answered with status {status}")
            if not status:
                _encode(sampled)
            raise NotExported("the collector has not taken them")

    def _measure(self, described: Sequence[Described]) -> None:
        for each in described:
            for instrument, value, attributes in each.measurements:
                with suppress(Exception):
                    self._recorders[instrument.name](value, attributes)

    def close(self) -> None:
        if self._own is not None:
            self._own.close()


def _encode(spans: "Sequence[ReadableSpan]") -> None:
    """Raise `Rejected` if the spans cannot be encoded, which the exporter only logs."""
    from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

    try:
        encode_spans(spans).SerializeToString()
    except Exception as exc:
        raise Rejected(f"it cannot be encoded: {type(exc).__name__}") from exc


def build(settings: Settings) -> OtelSink | None:
    """The sink, if the settings of OpenTelemetry or of Azure's worker switch it on."""
    given = settings.python_applicationinsights_enable_telemetry
    if settings.otel_sdk_disabled or not (given or any(settings.otel_exporters)):
        return None
    return OtelSink(
        lambda: _connect(settings),
        measures=bool(given or settings.otel_exporters[1]),
        keys=frozenset(key.principal for key in settings.named_keys),
    )


def _connect(settings: Settings) -> Outlet:
    from opentelemetry import metrics, trace

    given = not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    if given or settings.python_applicationinsights_enable_telemetry:
        tracer = trace.get_tracer(SCOPE, VERSION)
        return Outlet(tracer, metrics.get_meter(SCOPE, VERSION), None)
    return _make(*settings.otel_exporters)


def _make(traces: str | None, metrics: str | None) -> Outlet:
    """Make providers, which read the other `OTEL_*` settings themselves."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    ids, resource = Ids(), Resource.create()
    # Their own shutdown at exit would take half a minute.
    tracers = TracerProvider(
        resource=resource, id_generator=ids, shutdown_on_exit=False
    )
    statuses = deque([0], maxlen=1)
    spans = _span_exporter(traces, statuses)
    measures = _metric_exporter(metrics)
    readers = [PeriodicExportingMetricReader(measures)] if measures else []
    meters = MeterProvider(readers, resource, shutdown_on_exit=False)

    def close() -> None:
        if spans is not None:
            spans.shutdown()
        meters.shutdown(timeout_millis=CLOSE_SECONDS * 1000)

    return Outlet(
        tracers.get_tracer(SCOPE, VERSION),
        meters.get_meter(SCOPE, VERSION),
        Own(ids, spans, statuses, close),
    )


def _span_exporter(name: str | None, statuses: deque[int]) -> "SpanExporter | None":
    match name:
        case "otlp":
            import requests
            from opentelemetry.exporter.otlp.proto.http import trace_exporter

            # The exporter itself returns no status.
            session = requests.Session()
            session.hooks["response"].append(
                lambda answer, **_: statuses.append(answer.status_code)
            )
            return trace_exporter.OTLPSpanExporter(session=session)
        case "console":
            from opentelemetry.sdk.trace.export import ConsoleSpanExporter

            return ConsoleSpanExporter()
        case _:
            return None


def _metric_exporter(name: str | None) -> "MetricExporter | None":
    match name:
        case "otlp":
            from opentelemetry.exporter.otlp.proto.http import metric_exporter

            return metric_exporter.OTLPMetricExporter()
        case "console":
            from opentelemetry.sdk.metrics.export import ConsoleMetricExporter

            return ConsoleMetricExporter()
        case _:
            return None
