"""How backends are asked for the answer to one proxied call."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from azure_openai import failure, refusals
from azure_openai.failure import CUT, LOST, NO_ANSWER, NO_CREDENTIAL, SILENT, Trouble
from azure_openai.peek import Peek, examine_whole
from proxy.outgoing import Outgoing
from settings.backends import Backend
from streaming.errors import UpstreamAuth, UpstreamError, UpstreamTimeout

if TYPE_CHECKING:
    from azure_openai.connection import Answer, Upstream

REFUSAL_READ = 64 * 1024
"""Bytes of a refusal, which may name `stream_options`."""

WHOLE_READ = 1024 * 1024
"""Bytes of an answer that does not stream which wait for its end."""

Opened = tuple["Answer", bool]
"""An answer, and whether usage was asked for that the caller did not."""


class Asking:
    """One call; *note* is told of each backend before it is asked.

    A backend that refuses `stream_options` is asked again without, once, and remembered
    among those that *cannot_ask*. `nothing` is whether the last answer examined ended
    without having said anything.
    """

    def __init__(
        self,
        upstream: "Upstream",
        sent: Outgoing,
        cannot_ask: set[Backend],
        note: Callable[[Backend], None],
    ) -> None:
        self._upstream, self._sent = upstream, sent
        self._cannot_ask, self._note = cannot_ask, note
        self.nothing = False

    async def ask(self, backend: Backend) -> Opened:
        self._note(backend)
        if self._sent.can_ask and backend not in self._cannot_ask:
            answer = await self._post(backend, self._sent.asking)
            with ExitStack() as stack:
                stack.callback(answer.close)
                if not await _refuses_to_be_asked(answer):
                    stack.pop_all()
                    return answer, True
            answer = await self._post(backend, self._sent.body)
            if answer.status < 400:  # Else it was not that field which was wrong.
                self._cannot_ask.add(backend)
            return answer, False
        return await self._post(backend, self._sent.body), False

    async def _post(self, backend: Backend, body: bytes) -> "Answer":
        sent = self._sent
        return await self._upstream.post(backend, sent.path, sent.headers, body)

    async def examine(self, opened: Opened) -> Trouble | None:
        answer, _ = opened
        found = await self._found(answer)
        self.nothing = found is CUT
        return found

    async def _found(self, answer: "Answer") -> Trouble | None:
        if not answer.succeeded:
            found = failure.of_status(answer.status, answer.named)
            if found and answer.status == 404 and not self._sent.own_version:
                return failure.NO_SUCH_VERSION
            return found
        if answer.streams:
            peek = Peek()
            await answer.peek(peek.feed)
            return peek.trouble
        # What is compressed passes unread; but a whole answer only if it is whole.
        waits = answer.is_json or not (answer.plain or self._sent.streamed)
        body = await answer.peek_bytes(WHOLE_READ if waits else 1)
        if not body:
            return CUT
        if not answer.plain or len(body) >= WHOLE_READ:
            return None
        return examine_whole(body) if answer.is_json else NO_ANSWER

    def explain(self, error: Exception) -> Trouble | None:
        match error:
            case UpstreamTimeout():
                return SILENT
            case UpstreamAuth():
                return NO_CREDENTIAL
            case UpstreamError():
                return LOST
            case _:
                return None

    async def close(self, opened: Opened) -> None:
        answer, _ = opened
        answer.close()


async def _refuses_to_be_asked(answer: "Answer") -> bool:
    """Whether it is `stream_options` that upstream does not take."""
    if answer.status not in refusals.STATUSES:
        return False
    return refusals.refuses(await answer.peek_bytes(REFUSAL_READ), "stream_options")
