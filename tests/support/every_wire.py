"""One chain through every wire: how it is asked, and whether that was an answer."""

import json
from typing import Any

import httpx

from bench.contenders import native
from bench.quantities.wires import WIRES, Wire
from tests.support.app_process import AppProcess
from tests.support.said import data, objects

EVERY_WIRE = [*WIRES, Wire("delta", native, "event: done\n")]
SDK = "LangGraph SDK"


def body_of(wire: Wire, question: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.dumps(wire.ask(question)))
    return body


def asked(
    server: AppProcess,
    wire: Wire,
    question: str,
    *,
    stream: bool = True,
    **fields: object,
) -> httpx.Response:
    """What *wire* answers; a streamed answer that is cut off raises."""
    body = body_of(wire, question)
    path = wire.path.format(name=wire.name)
    if not stream:
        path = path.removesuffix("stream") + "wait" if wire.name == SDK else path
        body["stream"] = False
    return server.client.post(path, json={**body, **fields})


def succeeded(wire: str, stream: bytes) -> bool:
    """Whether a client takes *stream* for a whole answer."""
    match wire:
        case "json":
            return bool(objects(stream)[-1]["finish_reason"] == "stop")
        case "text" | "openai":
            return data(stream)[-1] == "[DONE]"
        case "delta":
            return bool(objects(stream)[-1] == {"status": "completed"})
        case "ui-message":
            return {"finish"} == {
                each["type"]
                for each in objects(stream)
                if each["type"] in ("abort", "error", "finish")
            }
        case "responses" | "ag-ui":
            ends = ("response.completed", "RUN_FINISHED")
            return objects(stream)[-1]["type"] in ends
        case "LangGraph SDK":
            return bool(objects(stream)[-1]["status"] == "success")
        case _:  # The connection is all that `plain` has.
            return True
