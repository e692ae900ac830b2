"""What a collector is told of a run: its spans with attributes, and which metrics."""

from typing import Any

from tests.telemetry.otel_collector import Tree, attributes

REGION = {"langchain_stream.region": "Sweden Central"}
DIALECT, FINISH = "langchain_stream.dialect", "gen_ai.response.finish_reasons"
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

DURATION = "gen_ai.client.operation.duration"
METRICS = {
    DURATION,
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.client.operation.time_per_output_chunk",
    "gen_ai.client.token.usage",
    "gen_ai.workflow.duration",
    "langchain_stream.time_to_first_token",
}

VARYING = {
    "faas.invocation_id",
    "gen_ai.response.time_to_first_chunk",
    "langchain_stream.request.id",
    "langchain_stream.run.id",
    "langchain_stream.time_to_first_token",
    "server.port",
}
"""Of these it is only told that they are there."""


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


def used(tokens: int, output: int) -> dict[str, Any]:
    """The attributes of a model call's usage."""
    return {
        "gen_ai.usage.input_tokens": tokens,
        "gen_ai.usage.output_tokens": output,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
    }


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
