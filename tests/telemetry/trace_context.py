"""A caller's trace, and a run within it: asked of a server, or as a record."""

from typing import Any

import httpx

from runs import ModelCall, Run
from streaming.events import Usage
from telemetry import records
from tests.support.app_process import AppProcess
from tests.telemetry.otel_collector import Collector

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


def ask(server: AppProcess, user: str, **body: Any) -> httpx.Response:
    """One question to *server*, within the trace."""
    return server.client.post(
        "/api/chat",
        json={"user": user, **body},
        headers={"traceparent": TRACEPARENT},
    )


def record(*, chain: str = "mine", **more: Any) -> records.Record:
    """Of a run with two model calls, the first of which failed."""
    run = Run(chain=chain, dialect="json", **more)
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


def traces(collector: Collector) -> str:
    """Where *collector* takes spans."""
    return f"{collector.url}/v1/traces"
