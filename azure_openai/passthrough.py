"""The same API, proxied byte for byte, and measured as the bytes go by.

What a caller sends goes upstream as it is, but for whose credential it has; what
upstream answers comes back as it is. Where a caller streams and does not ask for usage,
this server does, and takes the one chunk that answers out again.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response

from azure_openai import outgoing
from azure_openai.outgoing import Operation, Outgoing
from azure_openai.record import Record
from azure_openai.relay import Relay
from settings import Settings
from streaming.limits import Capacity, Limits
from telemetry.runs import Run

if TYPE_CHECKING:
    from azure_openai.upstream import Answer, Upstream

REFUSAL_READ = 64 * 1024
"""Bytes of a refusal, which may name `stream_options`."""


def build(settings: Settings) -> "Proxy":
    """A proxy to the configured upstream; nothing is connected yet."""
    return Proxy(settings)


class Proxy:
    """Proxies calls over connections that they share.

    A deployment that refuses `stream_options` is asked again without, once, and
    remembered.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._upstream: Upstream | None = None
        self._cannot_ask: set[str] = set()

    def respond(
        self,
        body: bytes,
        headers: Mapping[str, str],
        query: Mapping[str, str],
        *,
        operation: Operation,
        deployment: str,
        request_id: str,
        run: Run,
        emit: Callable[[Run], None],
        capacity: Capacity,
        limits: Limits,
        fields: Mapping[str, object] | None = None,
    ) -> Response:
        """The response to one call; everything happens when it is sent.

        Of *query* only `api-version` counts; *fields* are the body's, where they are
        known already. *emit* is given *run* once, when it is
        over and the end of the answer is still to be sent.
        """
        make = partial(
            outgoing.build,
            self._settings,
            body,
            headers,
            query,
            operation=operation,
            deployment=deployment,
            fields=fields,
        )
        return Relay(
            make,
            self._open,
            Record(run, deployment, body, emit),
            request_id,
            capacity=capacity,
            limits=limits,
        )

    async def _open(self, sent: Outgoing) -> "tuple[Answer, bool]":
        """The answer, and whether usage was asked for that the caller did not."""
        upstream = self._connect()
        if sent.can_ask and sent.deployment not in self._cannot_ask:
            answer = await upstream.post(sent.url, sent.headers, sent.asking)
            with ExitStack() as stack:
                stack.callback(answer.close)
                if not await _refuses_to_be_asked(answer):
                    stack.pop_all()
                    return answer, True
            answer = await upstream.post(sent.url, sent.headers, sent.body)
            if answer.status < 400:  # Else it was not that field which was wrong.
                self._cannot_ask.add(sent.deployment)
            return answer, False
        return await upstream.post(sent.url, sent.headers, sent.body), False

    def _connect(self) -> "Upstream":
        if self._upstream is None:
            # Spares a start that proxies nothing a tenth of a second.
            from azure_openai.upstream import Upstream

            self._upstream = Upstream(self._settings)
        return self._upstream

    async def aclose(self) -> None:
        """Close what is connected."""
        if self._upstream is not None:
            await self._upstream.aclose()
            self._upstream = None


async def _refuses_to_be_asked(answer: "Answer") -> bool:
    """Whether it is `stream_options` that upstream does not take."""
    if answer.status not in (400, 422):
        return False
    return b"stream_options" in await answer.peek(REFUSAL_READ)
