"""OpenAI's API: whether the model that a caller names is a chain, or is upstream."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

import chains
from azure_openai import passthrough, splice
from azure_openai.outgoing import Operation
from settings import Settings
from streaming import http
from streaming.dialects import json, openai
from streaming.errors import UnknownModel
from streaming.limits import Capacity, Limits
from streaming.requests import ChatRequest
from telemetry.runs import Run

MAX_BYTES = "MAX_PROXY_REQUEST_BYTES"


class Gateway:
    """Answers with a chain where its name is called, else with a deployment's answer.

    *start* has a chain run; *emit*, *capacity* and *limits* are for what is proxied.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        start: Callable[[ChatRequest, Run], Response],
        emit: Callable[[Run], None],
        capacity: Capacity,
        limits: Limits,
    ) -> None:
        self._settings, self._start = settings, start
        self._proxy = passthrough.build(settings)
        self._emit, self._capacity, self._limits = emit, capacity, limits
        self._chains = chains.names(settings)
        self._deployments = settings.deployments

    async def complete(self, request: Request, run: Run) -> Response:
        """Chat with what the path or else the body's `model` names."""
        body = await self._read(request)
        name = _named(request, body)
        if name in self._chains:
            return await self._run_chain(body, name, run)
        self._check(name, [*self._chains, *self._deployments])
        return self._forward(request, body, run, deployment=name)

    async def complete_by_default(self, request: Request, run: Run) -> Response:
        """Chat with the configured deployment, or without one the default chain."""
        body = await self._read(request)
        name = self._settings.deployment
        if name is None:
            return await self._run_chain(body, self._settings.default_chain, run)
        return self._forward(request, body, run, deployment=name)

    async def embed(self, request: Request, run: Run) -> Response:
        """Have the deployment that the path or else `model` names embed the body."""
        body = await self._read(request)
        name = _named(request, body)
        self._check(name, list(self._deployments))
        return self._forward(
            request, body, run, deployment=name, operation="embeddings"
        )

    def models(self) -> dict[str, Any]:
        """All that can be named, as OpenAI lists models."""
        owners = dict.fromkeys(self._deployments, "deployment")
        owners |= dict.fromkeys(self._chains, "chain")
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": owner}
            for name, owner in owners.items()
        ]
        return {"object": "list", "data": models}

    async def _read(self, request: Request) -> bytes:
        limit = self._settings.max_proxy_request_bytes
        seconds = self._settings.body_timeout_seconds
        return await http.read_body(
            request, limit, MAX_BYTES, capacity=self._capacity, seconds=seconds
        )

    def _check(self, name: str, expected: object) -> None:
        if name not in self._deployments:
            raise UnknownModel(
                f"Unknown model {name[:100]!r}, expected one of {expected}.",
                param="model",
            )

    async def _run_chain(self, body: bytes, name: str, run: Run) -> Response:
        http.check_size(len(body), self._settings.max_request_bytes)
        run.prompt_bytes = len(body)
        path = {"deployment": name}
        return self._start(await http.parsed(openai.parse, body, path), run)

    def _forward(
        self,
        request: Request,
        body: bytes,
        run: Run,
        *,
        deployment: str,
        operation: Operation = "chat/completions",
    ) -> Response:
        return self._proxy.respond(
            body,
            request.headers,
            request.query_params,
            operation=operation,
            deployment=deployment,
            request_id=run.request_id,
            run=run,
            emit=self._emit,
            capacity=self._capacity,
            limits=self._limits,
        )


def _named(request: Request, body: bytes) -> str:
    """What the path names, else the body."""
    if name := request.path_params.get("deployment"):
        return str(name)
    members = splice.members(body)
    return openai.model(json.decode(body) if members is None else members)
