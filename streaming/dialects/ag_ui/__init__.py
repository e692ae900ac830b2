"""AG-UI 1.0, the protocol of CopilotKit, assistant-ui and others, over HTTP and SSE.

See: https://docs.ag-ui.com/spec/1.0
"""

from collections.abc import AsyncGenerator, Mapping

from streaming.dialects import _answer
from streaming.dialects._answer import keep_alive
from streaming.dialects.ag_ui.request import to_request
from streaming.dialects.ag_ui.run_events import RunWriter
from streaming.dialects.json import decode, error, headers
from streaming.events import Event
from streaming.requests import ChatRequest

__all__ = ["encode", "error", "headers", "keep_alive", "parse"]


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read a `RunAgentInput`; what is of this app's own is in its `forwardedProps`."""
    return to_request(decode(body))


def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    return _answer.encode(events, RunWriter(request), stream=request.stream)
