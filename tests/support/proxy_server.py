"""The proxy on a real server, until the block is left."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from proxy import Proxy
from proxy.outgoing import Operation
from runs import Run
from server.capacity import Capacity
from server.limits import Limits
from server.response import error_response
from settings import Settings
from streaming.dialects import openai as wire
from streaming.errors import ChatError
from tests.support.recorded_runs import RecordedRuns

PATH = "/openai/deployments/gpt-4o/chat/completions"
SERVER_KEY = "standin-key"


@dataclass
class ProxyServer:
    """A server that proxies each request to *deployment*, and the runs it recorded."""

    settings: Settings
    limits: Limits = field(default_factory=Limits)
    capacity: Capacity = field(default_factory=lambda: Capacity(10))
    operation: Operation = "chat/completions"
    deployment: str = "gpt-4o"
    runs: RecordedRuns = field(default_factory=RecordedRuns)
    url: str = ""

    def __post_init__(self) -> None:
        self.proxy = Proxy(
            self.settings,
            limits=self.limits,
            capacity=self.capacity,
            emit=self.runs.emit,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body, query = await request.body(), request.query_params
        try:
            response = self.respond(body, request.headers, query)
        except ChatError as error:  # As an invocation of a route answers it.
            response = error_response(error, wire, "the-request-id")
        await response(scope, receive, send)

    def respond(
        self,
        body: bytes,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Response:
        """The response to one call."""
        sent = self.proxy.outgoing(
            body,
            headers or {},
            query or {},
            operation=self.operation,
            deployment=self.deployment,
        )
        return self.proxy.respond(
            sent,
            body,
            deployment=self.deployment,
            run=Run(dialect="openai", request_id="the-request-id"),
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[httpx.AsyncClient]:
        """Serve it; gives a client of it."""
        config = uvicorn.Config(self, lifespan="off", log_config=None)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve([listener]))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            try:
                async with httpx.AsyncClient(base_url=self.url, timeout=20) as client:
                    yield client
            finally:
                server.should_exit = True
                await serving
                await self.proxy.aclose()

    async def run(self) -> Run:
        """The one run there was."""
        await self.runs.reach(1)
        [run] = self.runs
        return run


def azure(url: str, **more: Any) -> Settings:
    """The settings of an app whose Azure OpenAI is at *url*."""
    return Settings(
        azure_openai_endpoint=url,
        azure_openai_deployment="gpt-4o",
        azure_openai_api_key=SecretStr(SERVER_KEY),
        **more,
    )


def asking(scenario: str, **more: Any) -> dict[str, Any]:
    """A streamed request that the stand-in answers with *scenario*."""
    messages = [{"role": "user", "content": f"standin:{scenario}"}]
    return {"model": "gpt-4o", "messages": messages, "stream": True, **more}
