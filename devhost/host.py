"""What stands in front of the app: routes, function keys, CORS and the log."""

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
from hmac import compare_digest
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from devhost.config import Config
from devhost.exchange import Exchange, header
from devhost.origin import origin
from devhost.routes import RouteTable, RouteTemplate
from devhost.worker import HttpFunction, Worker

logger = logging.getLogger("devhost")

_INVOCATION_ID = b"x-ms-invocation-id"


class Host:
    """The ASGI application that answers as the Functions host does."""

    def __init__(self, config: Config, worker: Worker) -> None:
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
        exchange = Exchange(scope, receive, send, cors=self._config.cors)
        try:
            await self._answer(scope, receive, exchange)
        finally:
            logger.info(
                "%s %s %s %d ms%s",
                scope["method"],
                scope["raw_path"].decode("ascii", "backslashreplace"),
                exchange.status or "-",
                (time.perf_counter() - started) * 1000,
                exchange.remark(),
            )

    async def _answer(self, scope: Scope, receive: Receive, exchange: Exchange) -> None:
        if (
            scope["method"] == "OPTIONS"
            and header(scope, b"origin")
            and header(scope, b"access-control-request-method")
        ):
            await exchange.preflight(header(scope, b"access-control-request-headers"))
            return
        found = self._routes.match(scope["method"], scope["raw_path"])
        if found is None:
            await exchange.refuse(404)
            return
        function, route_values = found
        if not self._may_call(function, scope):
            await exchange.refuse(401)
            return
        try:
            await self._invoke(
                function, route_values, scope=scope, receive=receive, send=exchange.send
            )
        except Exception as exc:
            # Not its text, which may quote a prompt. The caller has its 500, or half
            # of a body, which the server cuts off.
            logger.error(
                "%s raised %s at %s",
                function.name,
                type(exc).__name__,
                origin(exc, self._config.app_dir) or "no line of the app",
            )

    def _may_call(self, function: HttpFunction, scope: Scope) -> bool:
        key = self._config.function_key
        if key is None or function.anonymous:
            return True
        given = header(scope, b"x-functions-key")
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
        invocation = asyncio.create_task(
            self._worker.invoke(
                function,
                invocation_id=invocation_id,
                route_values=route_values,
                trace_parent=(header(scope, b"traceparent") or b"").decode("latin-1"),
                trace_state=(header(scope, b"tracestate") or b"").decode("latin-1"),
            )
        )
        headers = [pair for pair in scope["headers"] if pair[0] != _INVOCATION_ID]
        headers.append((_INVOCATION_ID, invocation_id.encode()))
        try:
            await self._worker.web_app({**scope, "headers": headers}, receive, send)
        finally:
            # Still running only where the request never reached the function, or was
            # cancelled while the function thinks.
            if not invocation.done():
                invocation.cancel()
                await asyncio.wait([invocation])
