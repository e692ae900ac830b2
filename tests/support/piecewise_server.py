"""A small HTTP server that streams in pieces, each a read of its own."""

import json
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self

SECONDS = 5
"""Any wait's bound."""

# The frames of a real answer, with characters of two, three and four bytes.
STREAM = (
    'event: citation\ndata: {"id":"1","title":"Größe","url":"a#L1","snippet":"…"}\n\n'
    'data: {"deployment":"gpt","delta_content":"Hé"}\n\n'
    'event: unknown\ndata: {"delta_content":"not text"}\n\n'
    'data: {"deployment":"gpt","delta_content":" 👩‍🚀\\r\\n\\n€"}\n\n'
    'event: done\ndata: {"finish_reason":"stop","usage":{"total_tokens":3}}\n\n'
).encode()

RATE_LIMITED = (
    b'{"error":{"code":"rate_limited","message":"The model is busy; try again later.",'
    b'"status":429,"retryable":true,"retry_after_ms":7000,"request_id":"r"}}'
)

WITHOUT_DONE = STREAM[: STREAM.index(b"event: done")]

ERROR = (
    b'event: error\ndata: {"deployment":"gpt","error":{"code":"upstream_stall"}}\n\n'
    b'event: done\ndata: {"deployment":"gpt","finish_reason":"error"}\n\n'
)

# What a proxy or another server may put in: comments, an event without data, a blank
# line, fields without a space after the colon.
STRANGE = b": hello\n\n\nevent: ping\n\nid: 7\nretry: 10\nevent:unknown\ndata:?\n\n"


def whole(stream: bytes) -> list[bytes]:
    return [stream]


def split_at(stream: bytes, offset: int) -> list[bytes]:
    return [stream[:offset], stream[offset:]]


def byte_by_byte(stream: bytes) -> list[bytes]:
    return [stream[n : n + 1] for n in range(len(stream))]


def crlf(stream: bytes) -> bytes:
    return stream.replace(b"\n", b"\r\n")


class Origin(ThreadingHTTPServer):
    """Serves *files*, and *streams* by their path; leaving its `with` stops it."""

    daemon_threads = False

    def __init__(
        self, files: Mapping[str, Path], streams: Mapping[str, Sequence[bytes]]
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.streams = files, streams
        self.may_go_on = defaultdict[str, threading.Semaphore](
            lambda: threading.Semaphore(0)
        )
        self.left = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that leaves is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as given

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.shutdown()
        self._thread.join(SECONDS)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    disable_nagle_algorithm = True
    server: Origin

    def do_GET(self) -> None:
        if self.path not in self.server.files:
            self.answer(404, "text/plain", b"")
            return
        kind = "text/html" if self.path == "/" else "text/javascript"
        self.answer(200, kind, self.server.files[self.path].read_bytes())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path.startswith("/next/"):
            self.server.may_go_on[self.path.removeprefix("/next")].release()
            self.answer(204, "text/plain", b"")
            return
        match self.path:
            case "/busy":
                self.answer(429, "application/json", RATE_LIMITED)
            case "/unauthorized":
                self.answer(401, "text/plain", b"")
            case "/open":
                self.stay_open()
            case "/left":
                left = self.server.left.wait(SECONDS)
                self.answer(204 if left else 408, "text/plain", b"")
            case "/echo":
                names = ("content-type", "x-functions-key")
                headers = {name: self.headers[name] for name in names}
                echo = {"body": json.loads(body), **headers}
                self.stream([b"event: done\ndata: %b\n\n" % json.dumps(echo).encode()])
            case _:
                self.stream(self.server.streams[self.path])

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def stream(self, pieces: Iterable[bytes]) -> None:
        go_on = self.server.may_go_on[self.path]
        while go_on.acquire(blocking=False):
            pass
        self.begin_stream()
        for number, piece in enumerate(pieces):
            if number and not go_on.acquire(timeout=SECONDS):
                self.close_connection = True
                return
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def stay_open(self) -> None:
        """Send one delta, then nothing until the caller leaves."""
        self.server.left.clear()
        self.begin_stream()
        delta = b'data: {"delta_content":"Hel"}\n\n'
        self.wfile.write(b"%x\r\n%b\r\n" % (len(delta), delta))
        with suppress(ConnectionError):
            assert not self.connection.recv(1)
        self.server.left.set()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass
