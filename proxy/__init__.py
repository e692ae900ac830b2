"""The same API, proxied byte for byte, and measured as the bytes go by.

A caller's body goes to the backend as it is, with this server's credential, and the
answer comes back as it is. If the caller streams and does not ask for usage, this
server does, and takes the one chunk with the usage out of the stream.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from starlette.responses import Response

from azure_openai import backends, failure
from azure_openai.attempt import Attempt
from azure_openai.backends import BackendPool
from azure_openai.failover import AttemptLimits, first_answer
from budgets.lease import Lease
from proxy import json_text, outgoing
from proxy.apis import CompletionsApi, ResponsesApi
from proxy.body import Noted, Opened, ProxiedBody
from proxy.kept import KeptResponse
from proxy.outgoing import Operation, Outgoing
from proxy.record import ProxiedRun
from runs import Run
from runs.recording import Emit
from server.capacity import Capacity
from server.limits import Limits
from server.response import StreamResponse
from settings import Settings
from settings.backends import Backend
from streaming import dialects
from streaming.errors import ChatError, NotFound, RateLimited
from streaming.upstream_errors import (
    UpstreamAuth,
    UpstreamError,
    UpstreamIncomplete,
    UpstreamMoved,
)

if TYPE_CHECKING:
    from azure_openai.connection import Connections
    from azure_openai.reply import Reply


class Proxy:
    """Answers within *limits* while there is *capacity*.

    *emit* gets each run once, when it is over and the end of its answer is still to be
    sent.
    """

    def __init__(
        self, settings: Settings, *, limits: Limits, capacity: Capacity, emit: Emit
    ) -> None:
        self._settings, self._emit = settings, emit
        self._limits, self._capacity = limits, capacity
        self._pools: dict[str, BackendPool] = {}
        self._connect: Callable[[], Connections] | None = None

    def outgoing(
        self,
        body: bytes,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        *,
        operation: Operation,
        deployment: str,
    ) -> Outgoing:
        """The call to make for a caller's request; a large one takes a while.

        Of *query* only `api-version` counts. Raises a `ChatError` if no call can be
        made of *body*.
        """
        return outgoing.build(
            self._settings,
            body,
            headers,
            query,
            operation=operation,
            deployment=deployment,
        )

    def respond(
        self,
        sent: Outgoing,
        body: bytes,
        *,
        deployment: str,
        run: Run,
        lease: Lease | None = None,
        at: KeptResponse | None = None,
        noted: Noted | None = None,
    ) -> Response:
        """The response to one call; nothing is sent before the response is.

        *body* is what the caller has sent. If the answer goes on with a response, only
        the resource *at* which that is is asked. *noted* gets the answer's own id.
        """
        record = ProxiedRun(run, deployment, body, self._emit)
        pool = BackendPool(self._at(at, deployment)) if at else self._pool(deployment)
        return self._answer(sent, record, pool, lease=lease, noted=noted)

    def respond_about(
        self,
        kept: KeptResponse,
        path: str,
        headers: Mapping[str, str],
        query: Sequence[tuple[str, str]],
        *,
        method: Literal["DELETE", "GET", "POST"],
        run: Run,
        noted: Noted | None = None,
    ) -> Response:
        """The response to a call about a response that was made before.

        Such a call is no run of a model, and is not recorded.
        """
        sent = outgoing.of_response(
            self._settings, headers, query, method=method, path=path
        )
        record = ProxiedRun(run, kept.deployment, b"", None)
        pool = BackendPool(self._at(kept, kept.deployment)[:1])
        return self._answer(sent, record, pool, noted=noted)

    def _answer(
        self,
        sent: Outgoing,
        record: ProxiedRun,
        pool: BackendPool,
        *,
        noted: Noted | None,
        lease: Lease | None = None,
    ) -> Response:
        record.asked(sent)
        limits = self._limits if sent.streamed else self._limits.unstreamed
        answer = ProxiedBody(
            partial(self._open, sent, record.answered_by, pool=pool, limits=limits),
            record,
            limits,
            patient=len(pool) > 1,
            lease=lease,
            api=ResponsesApi() if sent.operation == "responses" else CompletionsApi(),
            noted=noted,
        )
        return StreamResponse(
            answer,
            record.run,
            dialects.load("openai"),
            limits=limits,
            capacity=self._capacity,
        )

    async def _open(
        self,
        sent: Outgoing,
        note: Callable[[Backend], None],
        *,
        pool: BackendPool,
        limits: Limits,
    ) -> Opened:
        """Ask the backends; *note* gets each one before it is asked."""
        each = AttemptLimits(
            each=self._settings.backend_timeout_seconds,
            all=min(limits.first_token, limits.deadline),
            streamed=sent.streamed,
        )
        attempt = Attempt(self._connections(), sent, note)
        reply = await first_answer(pool, attempt, each)
        if problem := _problem(reply, nothing=attempt.nothing):
            reply.close()
            raise problem
        asked = sent.can_ask and json_text.asks_for_usage(attempt.sent)
        return Opened(reply, asked=asked)

    def _pool(self, deployment: str) -> BackendPool:
        if deployment not in self._pools:
            self._pools[deployment] = backends.of(self._settings, deployment)
        return self._pools[deployment]

    def _at(self, kept: KeptResponse, deployment: str) -> Sequence[Backend]:
        """The *deployment* at the one resource that has the response *kept*."""
        known = backends.named(self._settings, deployment)
        there = [each for each in known if each.resource == kept.resource]
        if not there:
            raise NotFound("The response is at a backend that is not configured.")
        return there

    def _connections(self) -> "Connections":
        # Spares a start that proxies nothing a tenth of a second.
        if self._connect is None:
            from azure_openai.connection import connector

            self._connect = connector(self._settings)
        return self._connect()

    async def aclose(self) -> None:
        """Close the connections, which chains share."""
        from azure_openai import connection

        await connection.close(self._settings)


def _problem(reply: "Reply", *, nothing: bool) -> ChatError | None:
    """The error that replaces an answer about this server, or an answer of *nothing*.

    A single backend's answer is passed on even if it is empty: `nothing` is not known.
    """
    if nothing:
        return UpstreamIncomplete("The model's answer ended before it began.")
    status, wait = reply.status, failure.retry_after(reply.named)
    if status == 403 and wait is not None:  # A gateway's quota.
        return RateLimited(retry_after_ms=round(wait * 1000))
    if status in (401, 403):
        return UpstreamAuth()
    if 300 <= status < 400:
        return UpstreamMoved()
    if not 200 <= status < 300 and not 400 <= status < 600:
        return UpstreamError(f"The model's provider answered with status {status}.")
    return None
