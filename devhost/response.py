"""One response on its way out."""

from starlette.types import Message, Receive, Scope, Send

from devhost.cors import Cors


class HostResponse:
    """Adds CORS headers to a response, and records its status and how it ends."""

    __slots__ = ("_cors", "_ended", "_left", "_origin", "_receive", "_send", "status")

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, cors: Cors
    ) -> None:
        asking = request_header(scope, b"origin")
        self._cors = cors
        self._origin = asking if asking and cors.allows(asking) else None
        self._receive = receive
        self._send = send
        self.status: int | None = None
        self._ended = False
        self._left = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._origin:
                headers = self._cors.expose(self._origin, message.get("headers", ()))
                message = {**message, "headers": headers}
        elif not message.get("more_body", False):
            self._left = _has_left(self._receive)
            self._ended = True
        await self._send(message)

    async def refuse(self, status: int) -> None:
        await self._empty(status, [(b"content-length", b"0")])

    async def preflight(self, asked_headers: bytes | None) -> None:
        headers = []
        if self._origin:
            headers = self._cors.preflight(self._origin, asked_headers)
        self._origin = None  # What `send` adds is for answers to requests.
        await self._empty(204, headers)

    def ending(self) -> str:
        if self._left or (not self._ended and _has_left(self._receive)):
            return " (the caller left)"
        return "" if self._ended else " (cut short)"

    async def _empty(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await self.send(start)
        await self.send({"type": "http.response.body"})


def request_header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            found: bytes = value
            return found
    return None


def _has_left(receive: Receive) -> bool:
    """Whether `http.disconnect` can be received now, without waiting for it.

    A client that has the whole response has no more use for the request's body.
    """
    while True:
        waiting = receive().__await__()
        try:
            next(waiting)
        except StopIteration as received:
            if received.value["type"] == "http.disconnect":
                return True
        else:
            waiting.close()
            return False
