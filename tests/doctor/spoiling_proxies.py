"""Proxies that do to a stream what others do: buffer, compress, or go on alone.

One does to health what a first start does: for a while the chain is being loaded; and
one what an older version does, which has no details of it.
"""

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx

from app.health import LOADING
from doctor.report import DETAILS

Harm = Literal[
    "none",
    "buffers",
    "compresses",
    "renames",
    "cuts",
    "goes on",
    "starts",
    "is old",
]

NOT_PASSED = ("transfer-encoding", "content-length", "connection", "date")


class _Handler(BaseHTTPRequestHandler):
    upstream: str
    harm: Harm
    loading: Iterator[bytes]

    def do_GET(self) -> None:
        if self.harm == "is old" and self.path.startswith(DETAILS):
            self.send_error(404)
            return
        given = {"x-functions-key", "api-key"}
        sent = {name: value for name, value in self.headers.items() if name in given}
        url = f"{self.upstream}{self.path}"
        with httpx.stream("GET", url, headers=sent, timeout=20) as answer:
            if self.path == "/api/stream-check":
                self._do_harm(answer)
            elif self.harm == "starts" and (told := next(self.loading, None)):
                self._head(answer)
                self.wfile.write(told)
            else:
                self._head(answer)
                self.wfile.write(answer.read())

    def _do_harm(self, answer: httpx.Response) -> None:
        match self.harm:
            case "buffers":
                body = answer.read()
                self._head(answer)
                self.wfile.write(body)
            case "compresses":
                body = gzip.compress(answer.read())
                self._head(answer, {"content-encoding": "gzip"})
                self.wfile.write(body)
            case "renames":
                self._head(answer, {"content-type": "text/plain"})
                self._relay(answer)
            case "cuts":
                self._head(answer)
                self.wfile.write(next(answer.iter_bytes()))
            case "none" | "goes on" | "starts" | "is old":
                self._head(answer)
                self._relay(answer)

    def _head(
        self, answer: httpx.Response, more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(answer.status_code)
        for name, value in {**answer.headers, **(more or {})}.items():
            if name not in NOT_PASSED:
                self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()

    def _relay(self, answer: httpx.Response) -> None:
        for piece in answer.iter_bytes():
            try:
                self.wfile.write(piece)
            except OSError:
                if self.harm != "goes on":
                    return

    def log_message(self, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    def handle_error(self, *args: object) -> None:
        pass  # A caller that left.


@contextmanager
def proxy(upstream: str, harm: Harm) -> Iterator[str]:
    """The address of a proxy to *upstream* that does *harm* to `/api/stream-check`."""
    report = {"status": "unavailable", "checks": {"chain": LOADING}}
    loading = iter([json.dumps(report).encode()] * 2)
    own = {"upstream": upstream, "harm": harm, "loading": loading}
    handler = type("Handler", (_Handler,), own)
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield "http://{}:{}".format(*server.server_address[:2])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
