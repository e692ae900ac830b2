"""An answer that is made without a reader."""

import asyncio
from typing import Never

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from runs import Run
from streaming.errors import Overloaded
from streaming.headers import JSON, SAFE


class InBackground(Response):
    """Says *body* at once, then makes *answer*, which is read in the log of *run*."""

    def __init__(self, answer: Response, run: Run, body: bytes) -> None:
        ids = {"x-request-id": run.request_id, "x-run-id": run.id}
        super().__init__(body, headers={**JSON, **SAFE, **ids})
        self._answer, self._run = answer, run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._run.log is not None:
            self._run.log.begin()  # Whoever asks for it now shall find it.
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._make(scope)

    async def _make(self, scope: Scope) -> None:
        try:
            await self._answer(scope, _nothing, _nowhere)
        finally:
            if not self._run.over:
                self._run.finish(Overloaded())
            if self._run.log is not None:
                self._run.log.close()


async def _nothing() -> Never:
    await asyncio.Event().wait()
    raise AssertionError


async def _nowhere(message: Message) -> None:
    pass
