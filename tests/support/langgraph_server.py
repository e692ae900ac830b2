"""What `RemoteGraph` asks of LangGraph's server, answered by a graph of this one."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.pregel.remote import RemoteGraph
from langgraph.types import Command
from langgraph_sdk.client import LangGraphClient
from pydantic_core import to_jsonable_python
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


class LangGraphServer:
    """Serves *graph*, a builder, to `remote`; `threads` are those that it has."""

    def __init__(self, graph: Any, **compiled: Any) -> None:
        self._saver = InMemorySaver()
        self._graph = graph.compile(checkpointer=self._saver, **compiled)
        self.threads: set[str] = set()
        thread = "/threads/{thread}"
        routes = [
            Route(f"{thread}/runs/stream", self._run, methods=["POST"]),
            Route(f"{thread}/state/checkpoint", self._state, methods=["POST"]),
            Route(thread, self._delete, methods=["DELETE"]),
            Route("/runs/stream", self._run, methods=["POST"]),
        ]
        self._app = Starlette(routes=routes)

    @property
    def remote(self) -> RemoteGraph:
        transport = httpx.ASGITransport(app=self._app)
        http = httpx.AsyncClient(transport=transport, base_url="http://graphs")
        return RemoteGraph("agent", client=LangGraphClient(http))

    async def _run(self, request: Request) -> Response:
        asked = await request.json()
        thread = request.path_params.get("thread", str(UUID(int=0)))
        UUID(thread)  # As the server, it takes no other name.
        if "thread" in request.path_params:
            self.threads.add(thread)
        given = asked.get("input")
        if command := asked.get("command"):
            given = Command(resume=command["resume"])
        config = {"configurable": {"thread_id": thread}}
        frames = self._frames(given, config, asked["stream_mode"])
        return StreamingResponse(frames, media_type="text/event-stream")

    async def _frames(
        self, given: Any, config: Any, modes: list[str]
    ) -> AsyncIterator[str]:
        known = [each.removesuffix("-tuple") for each in modes]
        async for mode, chunk in self._graph.astream(given, config, stream_mode=known):
            data = json.dumps(to_jsonable_python(chunk, fallback=_written))
            yield f"event: {mode}\ndata: {data}\n\n"

    async def _state(self, request: Request) -> Response:
        thread = request.path_params["thread"]
        if thread not in self.threads:
            return JSONResponse({"detail": "Thread not found"}, 404)
        found = await self._graph.aget_state({"configurable": {"thread_id": thread}})
        tasks = [
            {"id": each.id, "name": each.name, "error": each.error and str(each.error)}
            | {"interrupts": [_written(one) for one in each.interrupts]}
            | {"checkpoint": None, "state": None}
            for each in found.tasks
        ]
        state = {
            "values": to_jsonable_python(found.values, fallback=_written),
            "next": found.next,
            "tasks": tasks,
            "checkpoint": {"checkpoint_ns": "", **found.config["configurable"]},
            "metadata": {},
            "created_at": None,
            "parent_checkpoint": None,
        }
        return JSONResponse(state)

    async def _delete(self, request: Request) -> Response:
        thread = request.path_params["thread"]
        if thread not in self.threads:
            return JSONResponse({"detail": "Thread not found"}, 404)
        self.threads.discard(thread)
        await self._saver.adelete_thread(thread)
        return Response(status_code=204)


def _written(value: Any) -> Any:
    """LangGraph's `Interrupt` and whatever else is no JSON."""
    return (
        {"id": value.id, "value": value.value} if hasattr(value, "id") else str(value)
    )
