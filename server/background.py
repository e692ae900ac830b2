"""An answer that is made without a reader."""

import asyncio
from typing import Never

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from runs import Run
from server.response import error_response
from streaming.dialects import json
from streaming.errors import Overloaded, ShuttingDown


class InBackground(Response):
    """Makes *answer*, which is read in the log of *run*; its caller gets *said*.

    If it *waits*, that is once the answer's status is known, and an answer that is
    refused in its place.
    """

    def __init__(
        self, answer: Response, run: Run, said: Response, *, waits: bool = False
    ) -> None:
        super().__init__()
        self._answer, self._run, self._said = answer, run, said
        self._waits, self._decided = waits, asyncio.Event()
        self._start: Message = {}
        self._refusal = bytearray()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._run.log is not None:
            self._run.log.begin()  # Whoever asks for it now shall find it.
        making = asyncio.create_task(self._make(scope))
        making.add_done_callback(lambda _: self._decided.set())
        try:
            first = await self._refused(making) if self._waits else None
            await (first or self._said)(scope, receive, send)
        finally:
            await making

    async def _refused(self, making: asyncio.Task[None]) -> Response | None:
        await self._decided.wait()
        if not self._start:
            return error_response(ShuttingDown(), json, self._run.request_id)
        if self._start["status"] == 200:
            return None
        await asyncio.wait({making})  # With all of its body.
        raw = self._start["headers"]
        named = {name.decode(): value.decode() for name, value in raw}
        return Response(bytes(self._refusal), self._start["status"], named)

    async def _make(self, scope: Scope) -> None:
        try:
            await self._answer(scope, _nothing, self._hear)
        finally:
            if not self._run.over:
                self._run.finish(Overloaded())
            if self._run.log is not None:
                self._run.log.close()

    async def _hear(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            self._decided.set()
        elif self._start["status"] != 200:
            self._refusal += message["body"]


async def _nothing() -> Never:
    await asyncio.Event().wait()
    raise AssertionError
