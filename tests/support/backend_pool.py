"""An app with several backends on a real server: its chain, and its proxy."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import uvicorn
from httpx_sse import EventSource
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig, RunnableLambda
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from chains import Chains
from proxy import Proxy
from runnables import chat_model, sampling
from runs import Run
from runs.ending import ending
from server.capacity import Capacity
from server.event_body import EventBody
from server.limits import Limits, limit
from server.response import StreamResponse
from settings import Settings
from settings.backends import Backend
from streaming import dialects
from tests.standin.process import StandIn
from tests.support.kept_runs import KeptRuns
from tests.support.no_threads import no_threads

CHAIN = "/api/chat/json"
OPENAI = "/api/chat/openai"
WHOLE = "/api/chat/whole"
PROXY = "/openai/deployments/ptu/chat/completions"
WAYS = [
    (CHAIN, True),
    (CHAIN, False),
    (OPENAI, True),
    (OPENAI, False),
    (WHOLE, True),
    (PROXY, True),
    (PROXY, False),
]
"""Where an answer is asked for, and whether as a stream."""

_numbers = count()
_models: dict[str, BaseChatModel] = {}


def chain(settings: Settings) -> Runnable[Any, Any]:
    """A bare model; each app has its own."""
    model = _models[_name(settings)] = chat_model(settings)

    def sampled(_: Any, config: RunnableConfig) -> Any:
        return model.bind(**sampling(config))

    return RunnableLambda(lambda inputs: inputs["messages"]) | RunnableLambda(sampled)


def whole(settings: Settings) -> Runnable[Any, Any]:
    """One that does not stream."""
    model = _models[_name(settings)] = chat_model(settings)

    async def ask(inputs: Any, config: Any) -> Any:
        return await model.ainvoke(inputs["messages"], config, **sampling(config))

    return RunnableLambda(ask)


def _name(settings: Settings) -> str:
    return next(iter(settings.chains))


def backend(standin: StandIn, deployment: str, **more: Any) -> Backend:
    """A backend of *standin*, which no other test has: cool-downs are remembered."""
    return Backend.model_validate(
        {
            "endpoint": standin.url,
            "deployment": deployment,
            "api_key": standin.key,
            "region": f"region-{next(_numbers)}",
            **more,
        }
    )


def two(standin: StandIn, **more: Any) -> tuple[Backend, Backend]:
    """The provisioned deployment, and behind it, by another name, pay-as-you-go."""
    behind = standin.url.replace("127.0.0.1", "localhost")
    return (
        backend(standin, "ptu", priority=1, **more),
        backend(standin, "payg", priority=2, endpoint=behind),
    )


@dataclass
class PooledApp:
    """An app whose upstream are *backends*; the runs it has recorded."""

    backends: Iterable[Backend]
    limits: Limits = field(default_factory=lambda: Limits(peek=20))
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        number = next(_numbers)
        self.names = (f"chain-{number}", f"whole-{number}")
        self.settings = Settings(
            azure_openai_backends=tuple(self.backends),
            chains={
                name: f"{__name__}:{build.__name__}"
                for name, build in zip(self.names, (chain, whole), strict=True)
            },
            **self.more,
        )
        self.chains = Chains(self.settings)
        self.capacity = Capacity(5000)
        self.telemetry = KeptRuns()
        self.runs = self.telemetry.runs
        self.proxy = Proxy(
            self.settings,
            limits=self.limits,
            capacity=self.capacity,
            emit=self.runs.emit,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = self.answer if scope["path"].startswith("/api") else self.forward
        response = answer(request, await request.body())
        await response(scope, receive, send)

    def answer(self, request: Request, body: bytes) -> StreamResponse:
        """As `function_app` does, with limits of this test's."""
        name = request.url.path.rpartition("/")[2]
        dialect = dialects.load("openai" if name == "openai" else "json")
        chain = self.names[name == "whole"]
        run = Run(chain=chain, dialect=name, request_id="the-request-id")
        asked = dialect.parse(body, {}).model_copy(update={"id": run.id})
        events = self.chains.stream(run.chain, asked, run, no_threads())
        limited = limit(events, self.limits, run, started=run.started)
        ended = ending(limited, run)
        return StreamResponse(
            EventBody(ended, asked, dialect, run, self.telemetry.emit),
            run,
            dialect,
            limits=self.limits,
            capacity=self.capacity,
        )

    def forward(self, request: Request, body: bytes) -> Any:
        """As `gateway` does."""
        deployment = request.url.path.split("/")[3]
        sent = self.proxy.outgoing(
            body,
            request.headers,
            request.query_params,
            operation="chat/completions",
            deployment=deployment,
        )
        return self.proxy.respond(
            sent,
            body,
            deployment=deployment,
            run=Run(dialect="openai", request_id="the-request-id"),
        )

    @asynccontextmanager
    async def served(self) -> AsyncIterator[httpx.AsyncClient]:
        """Serve it; gives a client of it."""
        config = uvicorn.Config(self, lifespan="off", log_config=None, backlog=4096)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(4096)
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve([listener]))
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            limits = httpx.Limits(max_connections=None)
            try:
                async with httpx.AsyncClient(
                    base_url=url, timeout=20, limits=limits
                ) as client:
                    yield client
            finally:
                server.should_exit = True
                await serving
                await self.proxy.aclose()
                for model in (_models.pop(name, None) for name in self.names):
                    if model is not None:
                        await model.root_async_client.close()  # type: ignore[attr-defined]  # of LangChain's OpenAI models

    async def run(self) -> Run:
        """The one run there was."""
        await self.runs.reach(1)
        [run] = self.runs
        return run


def asking(path: str, scenario: str, *, stream: bool = True) -> dict[str, Any]:
    """The body that asks *path* for *scenario*."""
    text = f"standin:{scenario}"
    if path in (CHAIN, WHOLE):
        return {"user": text, "stream": stream}
    return {"messages": [{"role": "user", "content": text}], "stream": stream}


def text_of(path: str, response: httpx.Response, *, stream: bool = True) -> str:
    """What the caller reads; the answer must be whole."""
    assert response.status_code == 200, response.text
    if not stream:
        answer = response.json()
        if path in (CHAIN, WHOLE):
            return str(answer["content"])
        return str(answer["choices"][0]["message"]["content"])
    events = list(EventSource(response).iter_sse())
    if path in (CHAIN, WHOLE):
        assert events[-1].json()["finish_reason"] == "stop", response.text
        said = [event.json().get("delta_content") for event in events]
        return "".join(filter(None, said))
    assert events[-1].data == "[DONE]", response.text
    chunks = [json.loads(event.data) for event in events[:-1]]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def asked(standin: StandIn, tag: str) -> list[str]:
    """Which deployments were asked for what has *tag*, in order."""
    return [request["path"].split("/")[3] for request in standin.requests(tag)]


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
