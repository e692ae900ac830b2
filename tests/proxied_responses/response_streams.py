"""Streams of the Responses API as bytes: the stand-in's."""

import json
from typing import Any

from server.limits import Limits
from tests.standin.answers import Call
from tests.standin.delivery import encoded
from tests.standin.directive import Directive
from tests.standin.responses import Response, as_chat
from tests.standin.scenarios import steps
from tests.support.proxy_server import ProxyServer, azure

PATH = "/openai/v1/responses"


def asking(scenario: str, **more: Any) -> dict[str, Any]:
    """A streamed request that the stand-in answers with *scenario*."""
    return {"model": "gpt-4o", "input": f"standin:{scenario}", "stream": True, **more}


def proxying(url: str, limits: Limits | None = None) -> ProxyServer:
    server = ProxyServer(azure(url), limits or Limits(), operation="responses")
    assert server.deployment == "gpt-4o"
    return server


def recorded(scenario: str, **more: Any) -> bytes:
    """What the stand-in sends, pauses aside."""
    body = asking(scenario, **more)
    request = as_chat(body)
    directive = Directive.parse(request.asked)
    call = Call(directive, request, "gpt-4o", azure=False)
    response = Response(body, prompt_tokens=7, cached_tokens=3)
    sent = encoded(steps(call, seen=1), response)
    return b"".join(item for item in sent if isinstance(item, bytes))


def events(body: bytes) -> list[Any]:
    """The data of each event; their names must be their types."""
    found = []
    for event in body.decode().replace("\r\n", "\n").split("\n\n"):
        if event and not event.startswith(":"):
            name, _, data = event.partition("\ndata: ")
            found.append(json.loads(data))
            assert name == f"event: {found[-1]['type']}"
    return found
