"""The front of the app: routes, function keys, CORS and the log."""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from devhost.config import HostConfig
from devhost.raised_at import raised_at
from devhost.response import HostResponse, request_header
from devhost.routes import RouteTable, RouteTemplate
from devhost.worker import HttpFunction, Worker

logger = logging.getLogger("devhost")

_INVOCATION_ID = b"x-ms-invocation-id"


class FunctionsHost:
    def __init__(self, config: HostConfig, worker: Worker) -> None:
        self._config = config
        self._worker = worker
        self._routes = RouteTable(
            (
                RouteTemplate(f"{config.route_prefix}/{function.route}"),
                frozenset(function.methods),
                function,
            )
            for function in worker.http_functions
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        response = HostResponse(scope, receive, send, cors=self._config.cors)
        try:
            await self._answer(scope, receive, response)
        finally:
            logger.info(
                "%s %s %s %d ms%s",
                scope["method"],
                scope["raw_path"].decode("ascii", "backslashreplace"),
                response.status or "-",
                (time.perf_counter() - started) * 1000,
                response.ending(),
            )

    async def _answer(
        self, scope: Scope, receive: Receive, response: HostResponse
    ) -> None:
        if (
            scope["method"] == "OPTIONS"
            and request_header(scope, b"origin")
            and request_header(scope, b"access-control-request-method")
        ):
            await response.preflight(
                request_header(scope, b"access-control-request-headers")
            )
            return
        found = self._routes.match(scope["method"], scope["raw_path"])
        if found is None:
            await response.refuse(404)
            return
        function, route_values = found
        if not self._may_call(function, scope):
            await response.refuse(401)
            return
        try:
            await self._invoke(
                function, route_values, scope=scope, receive=receive, send=response.send
            )
        except Exception as exc:
            # Not its text, which may quote a prompt. The caller has its 500, or half
            # of a body, which the server cuts off.
            logger.error(
                "%s raised %s at %s",
                function.name,
                type(exc).__name__,
                raised_at(exc, self._config.app_dir) or "no line of the app",
            )

    def _may_call(self, function: HttpFunction, scope: Scope) -> bool:
        key = self._config.function_key
        if key is None or function.anonymous:
            return True
        given = request_header(scope, b"x-functions-key")
        if given is None:
            query = parse_qs(scope["query_string"].decode("latin-1"))
            given = query.get("code", [""])[0].encode()
        return compare_digest(given, key.encode())

    async def _invoke(
        self,
        function: HttpFunction,
        route_values: Mapping[str, str],
        *,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Hand the request to the runtime on both of its ways in, as Azure does."""
        invocation_id = str(uuid.uuid4())
        trace_parent, trace_state = (
            (request_header(scope, name) or b"").decode("latin-1")
            for name in (b"traceparent", b"tracestate")
        )
        invocation = asyncio.create_task(
            self._worker.invoke(
                function,
                invocation_id=invocation_id,
                route_values=route_values,
                trace_parent=trace_parent,
                trace_state=trace_state,
            )
        )
        headers = [pair for pair in scope["headers"] if pair[0] != _INVOCATION_ID]
        headers.append((_INVOCATION_ID, invocation_id.encode()))
        try:
            await self._worker.web_app({**scope, "headers": headers}, receive, send)
        finally:
            # It still runs only if the request never reached the function, or was
            # cancelled while the function was running.
            if not invocation.done():
                invocation.cancel()
                await asyncio.wait([invocation])
