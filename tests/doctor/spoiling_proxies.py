"""Proxies that do to a stream what others do: buffer, compress, or go on alone.

One does to health what a first start does: for a while the chain is being loaded; one
what an older version does, which has neither details nor runs; and one what a platform
does that signs people in.
"""

import gzip
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

import httpx

from app.health import LOADING
from doctor.arrival import CHECK, KEEP_ALIVE
from doctor.report import DETAILS
from settings import VERSION

Harm = Literal[
    "none",
    "buffers",
    "compresses",
    "renames",
    "cuts",
    "has no patience",
    "takes keep-alives",
    "takes x-run-id",
    "takes Last-Event-ID",
    "goes on",
    "starts",
    "signs in",
    "is old",
]

PATIENCE_SECONDS = 1.0
NEWER = (DETAILS, "/api/usage", "/api/runs")

NOT_PASSED = ("transfer-encoding", "content-length", "connection", "date")


class _Handler(BaseHTTPRequestHandler):
    upstream: str
    harm: Harm
    loading: Iterator[bytes]

    def do_GET(self) -> None:
        if self.harm == "is old" and self.path.startswith(NEWER):
            self.send_error(404)
            return
        given = {"x-functions-key", "api-key"}
        if self.harm == "signs in" and not given & {*map(str.lower, self.headers)}:
            self.send_response(302)
            self.send_header("location", "https://login.example/")
            self.end_headers()
            return
        if self.harm != "takes Last-Event-ID":
            given.add("last-event-id")
        sent = {name: value for name, value in self.headers.items() if name in given}
        url = f"{self.upstream}{self.path}"
        patience = PATIENCE_SECONDS if self.harm == "has no patience" else 20
        with httpx.stream("GET", url, headers=sent, timeout=patience) as answer:
            if self.path.startswith(CHECK):
                self._do_harm(answer)
            elif self.harm == "starts" and (told := next(self.loading, None)):
                self._head(answer)
                self.wfile.write(told)
            else:
                self._head(answer)
                body = answer.read()
                if self.harm == "is old":
                    body = body.replace(f'"{VERSION}"'.encode(), b'"0.0.9"')
                self.wfile.write(body)

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
            case "is old":
                self._head(answer)
                self._relay(answer, re.compile(rb"^id: .*\n", re.MULTILINE))
            case "takes keep-alives":
                self._head(answer)
                pattern = rb"data: .*" + re.escape(KEEP_ALIVE) + rb".*\n\n"
                self._relay(answer, re.compile(pattern))
            case _:
                self._head(answer)
                self._relay(answer)

    def _head(
        self, answer: httpx.Response, more: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(answer.status_code)
        for name, value in {**answer.headers, **(more or {})}.items():
            if name not in NOT_PASSED and self.harm != f"takes {name}":
                self.send_header(name, value)
        self.send_header("connection", "close")
        self.end_headers()

    def _relay(
        self, answer: httpx.Response, without: re.Pattern[bytes] | None = None
    ) -> None:
        for piece in answer.iter_bytes():
            try:
                self.wfile.write(without.sub(b"", piece) if without else piece)
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
