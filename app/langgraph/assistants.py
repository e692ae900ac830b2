"""The chains as assistants of the LangGraph SDK, each a graph of one node."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.langgraph import body_of, number
from app.langgraph.kept import Fields
from runs import Run
from server.response import json_response
from settings import VERSION

_SINCE = "1970-01-01T00:00:00Z"
"""Chains have no time of their own."""

_MESSAGES: Fields = {"type": "array", "items": {"type": "object"}}


async def info(app: App, request: Request, run: Run) -> Response:
    flags = {"assistants": True, "crons": False, "langsmith": False}
    return json_response({"version": VERSION, "flags": flags})


async def ok(app: App, request: Request, run: Run) -> Response:
    return json_response({"ok": True})


async def search(app: App, request: Request, run: Run) -> Response:
    found = await _searched(app, request)
    return json_response(found)


async def count(app: App, request: Request, run: Run) -> Response:
    return json_response(len(await _searched(app, request)))


async def _searched(app: App, request: Request) -> list[Fields]:
    body = await body_of(app, request)
    asked = {k: body[k] for k in ("graph_id", "name") if body.get(k)}
    first = number(body, "offset", 0)
    most = number(body, "limit", len(app.chains.names))
    all_of_them = await asyncio.to_thread(
        lambda: [_assistant(app, name) for name in app.chains.names]
    )
    fitting = [each for each in all_of_them if asked.items() <= each.items()]
    return fitting[first:][:most]


def _assistant(app: App, name: str) -> Fields:
    return {
        "assistant_id": name,
        "graph_id": name,
        "name": name,
        "description": app.chains.describe(name),
        "config": {},
        "context": {},
        "metadata": {"created_by": "system"},
        "version": 1,
        "created_at": _SINCE,
        "updated_at": _SINCE,
    }


async def get(app: App, request: Request, run: Run) -> Response:
    name = _name(app, request)
    return json_response(await asyncio.to_thread(_assistant, app, name))


async def graph(app: App, request: Request, run: Run) -> Response:
    name = _name(app, request)
    ends = [{"id": id, "type": "schema", "data": id} for id in ("__start__", "__end__")]
    node = {"id": name, "type": "runnable", "data": {"id": [name], "name": name}}
    edges = [
        {"source": "__start__", "target": name},
        {"source": name, "target": "__end__"},
    ]
    return json_response({"nodes": [ends[0], node, ends[1]], "edges": edges})


async def schemas(app: App, request: Request, run: Run) -> Response:
    name = _name(app, request)
    inputs, _ = await app.chains.input_of(name)
    known = inputs.get("properties")
    properties = {**(known if isinstance(known, dict) else {}), "messages": _MESSAGES}
    state = {"type": "object", "properties": {"messages": _MESSAGES}}
    return json_response(
        {
            "graph_id": name,
            "input_schema": {**inputs, "properties": properties},
            "output_schema": state,
            "state_schema": state,
            "config_schema": None,
            "context_schema": None,
        }
    )


async def subgraphs(app: App, request: Request, run: Run) -> Response:
    _name(app, request)
    return json_response({})


def _name(app: App, request: Request) -> str:
    return app.chains.find(str(request.path_params["assistant"]))
