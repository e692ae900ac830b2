"""An OpenTelemetry collector: it decodes what it is sent, and keeps it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """Answers with *status*; `received` is each request's path, and its bytes.

    With anything but 200 it closes the connection.
    """

    def __init__(self, status: int = 200, *, port: int = 0) -> None:
        self.status = status
        self.received: list[tuple[str, bytes]] = []
        self._changed = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = collector.receive(self.path, body)
                self.send_response(status)
                self.send_header("content-length", "0")
                if status != 200:
                    self.send_header("connection", "close")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def receive(self, path: str, body: bytes) -> int:
        with self._changed:
            self.received.append((path, body))
            self._changed.notify_all()
            return self.status

    def wait[T](self, find: Callable[[], T | None], seconds: float = 10) -> T:
        """What *find* finds, as soon as it does."""
        found: list[T] = []

        def look() -> bool:
            found.extend(each for each in [find()] if each is not None)
            return bool(found)

        with self._changed:
            assert self._changed.wait_for(look, seconds), "it was never received"
        return found[0]

    def exports(self) -> Iterator[list[Span]]:
        """The spans of each request."""
        for path, body in list(self.received):
            if path == "/v1/traces":
                yield [
                    span
                    for resource in ExportTraceServiceRequest.FromString(
                        body
                    ).resource_spans
                    for scope in resource.scope_spans
                    for span in scope.spans
                ]

    def tree(self, request_id: str) -> "Tree":
        """The run's span of that request, with the spans within it."""

        def find() -> Tree | None:
            for spans in self.exports():
                for span in spans:
                    told = attributes(span.attributes)
                    if told.get("langchain_stream.request.id") == request_id:
                        return Tree(span, [s for s in spans if _is_within(s, span)])
            return None

        return self.wait(find)

    def metrics(self) -> dict[str, list[tuple[dict[str, Any], int, float]]]:
        """The newest histograms: by name, each attributes, count and sum."""
        return {
            metric.name: [
                (attributes(point.attributes), point.count, point.sum)
                for point in metric.histogram.data_points
            ]
            for metric in self._newest()
            if metric.HasField("histogram")
        }

    def values(self) -> dict[str, list[tuple[dict[str, Any], float]]]:
        """The newest counters and gauges: by name, each attributes and value."""
        return {
            metric.name: [
                (attributes(point.attributes), point.as_double or point.as_int)
                for point in [*metric.sum.data_points, *metric.gauge.data_points]
            ]
            for metric in self._newest()
            if not metric.HasField("histogram")
        }

    def _newest(self) -> list[Metric]:
        newest = [body for path, body in list(self.received) if path == "/v1/metrics"]
        if not newest:
            return []
        request = ExportMetricsServiceRequest.FromString(newest[-1])
        return [
            metric
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]


class Tree:
    """A span, and those that are directly within it."""

    def __init__(self, span: Span, within: list[Span]) -> None:
        self.span, self.within = span, within

    def __iter__(self) -> Iterator[Span]:
        return iter([self.span, *self.within])


def _is_within(span: Span, parent: Span) -> bool:
    ids = span.trace_id, span.parent_span_id
    return ids == (parent.trace_id, parent.span_id)


def attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    """The attributes as Python has them."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, str(kind))
