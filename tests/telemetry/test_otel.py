"""Runs as OpenTelemetry's spans and metrics, as a collector gets them."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.telemetry.otel_collector import Collector, attributes
from tests.telemetry.run_spans import (
    ANSWERED,
    AZURE,
    DIALECT,
    DURATION,
    FINISH,
    FIRST,
    METRICS,
    REGION,
    SERVER,
    STOP,
    STREAMED,
    seen,
    told,
    used,
)
from tests.telemetry.trace_context import PARENT, TRACE, TRACEPARENT, ask

PROXY = "/openai/deployments/gpt-4o/chat/completions"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def traced(standin: StandIn, collector: Collector) -> Iterator[AppProcess]:
    """The app, which sends to the collector."""
    chains = ("inner", "silent", "broken")
    settings = azure(
        standin,
        CHAINS=",".join(
            f"{name}=tests.support.example_chains:{name}" for name in chains
        ),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS="authorization=collector-key",
        OTEL_METRIC_EXPORT_INTERVAL="100",
        OTEL_SERVICE_NAME="chat-test",
    )
    with AppProcess(settings) as server:
        yield server
    # Only now is everything there that there ever will be.
    everything = b"".join(body for _, body in collector.received)
    assert b"chat-test" in everything
    for private in (b"standin:", b"standin-key", b"tok0", b"tok1", b"collector-key"):
        assert private not in everything


def test_a_chains_run_is_a_span_within_the_callers_with_one_for_its_model_call(
    traced: AppProcess, collector: Collector
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
    traced: AppProcess, collector: Collector
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
    traced: AppProcess, collector: Collector, stream: bool
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


def test_a_proxied_embedding_says_so(traced: AppProcess, collector: Collector) -> None:
    path = "/openai/deployments/gpt-4o/embeddings"
    response = traced.client.post(path, json={"input": "standin:answer"})
    tree = collector.tree(response.headers["x-request-id"])
    assert [span.name for span in tree] == ["invoke_workflow", "embeddings gpt-4o"]


def test_a_failed_run_says_what_kind_of_error_it_was(
    traced: AppProcess, collector: Collector
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
    traced: AppProcess, collector: Collector
) -> None:
    question = {"role": "user", "content": "standin:rate_limited"}
    response = traced.client.post(PROXY, json={"messages": [question]})
    tree = collector.tree(response.headers["x-request-id"])
    for span in tree:
        assert span.status.code == span.status.STATUS_CODE_ERROR
        assert attributes(span.attributes)["error.type"] == "rate_limited"


def test_a_callers_leaving_is_no_error(
    traced: AppProcess, collector: Collector
) -> None:
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
    traced: AppProcess, collector: Collector
) -> None:
    response = ask(traced, "Hello", chain="silent", stream=False)
    tree = collector.tree(response.headers["x-request-id"])
    run = told("silent", **{DIALECT: "json"})
    assert seen(tree) == [("invoke_workflow silent", "INTERNAL", "UNSET", run)]


def test_an_exceptions_text_is_not_told(
    traced: AppProcess, collector: Collector
) -> None:
    response = ask(traced, "Hello", chain="broken")
    tree = collector.tree(response.headers["x-request-id"])
    error = {"error.type": "internal_error"}
    run = told("broken", "error", **{DIALECT: "json"}, **error)
    assert seen(tree) == [("invoke_workflow broken", "INTERNAL", "ERROR", run)]


def test_who_asks_not_to_be_traced_is_not(
    traced: AppProcess, collector: Collector
) -> None:
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


def test_every_metric_is_there(traced: AppProcess, collector: Collector) -> None:
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
