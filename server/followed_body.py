"""A run that is followed as the body of a response."""

import logging
from contextlib import aclosing

from runs.following import Following
from server.event_body import with_number
from server.pipe import Pipe
from streaming.dialects import Dialect, has_numbers
from streaming.errors import ChatError, InternalError
from streaming.headers import SAFE, Raw, raw
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)


class FollowedBody:
    """What comes after the event of the number *after*, as *dialect* writes the answer
    to *request*."""

    def __init__(
        self, following: Following, request: ChatRequest, dialect: Dialect, after: int
    ) -> None:
        self._following, self._request = following, request
        self._dialect, self._after = dialect, after
        self._headers = dialect.headers(request)

    async def write(self, pipe: Pipe) -> None:
        pipe.commit()
        try:
            await self._write(pipe)
        except ChatError as error:  # The dialect has no word for it.
            pipe.fail(error)
        except Exception as exc:  # A damaged line, or a dialect's bug.
            run_id, kind = self._request.run_id, type(exc).__name__
            log.error("run %s: %s in what is followed", run_id, kind)
            pipe.fail(InternalError())
        finally:
            pipe.finish()

    async def _write(self, pipe: Pipe) -> None:
        following = self._following
        numbered = has_numbers(self._dialect, self._headers)
        # What was seen is encoded too: what follows may depend on it.
        frames = self._dialect.encode(following.events(), self._request)
        async with aclosing(frames):
            async for frame in frames:
                number = following.number
                if number > self._after or self._after == 0 or following.lost:
                    await pipe.write(with_number(frame, number) if numbered else frame)

    def head(self) -> tuple[int, list[Raw]]:
        request = self._request
        names = {"x-request-id": request.id, "x-run-id": request.run_id}
        return 200, raw({**self._headers, **SAFE, **names}.items())

    def commits(self) -> bool:
        return True

    def keep_alive(self) -> bytes:
        return self._dialect.keep_alive(self._request.chain or "")
