"""A model that sends as fast as it can, and ends only when the test does."""

import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


def _event(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o",
        "choices": [choice],
    }
    return b"data: %b\n\n" % json.dumps(chunk).encode()


_BEGIN = _event({"role": "assistant", "content": "It says:"})
_FLOOD = _event({"content": " tok"}) * 200
_END = _event({}, "stop") + b"data: [DONE]\n\n"


class FloodingModel(ThreadingHTTPServer):
    """Answers a question with `flood` without an end, one with `silent` with some of
    that and then nothing, and any other with a few words."""

    daemon_threads = False
    request_queue_size = 512

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.over = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that leaves is no error."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    server: FloodingModel

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._send(_BEGIN)
        with suppress(OSError):
            if b"silent" in asked:
                self._send(_FLOOD)
                self.server.over.wait(60)
            while b"flood" in asked and not self.server.over.is_set():
                self._send(_FLOOD)
            self._send(_END)
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, piece: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def log_message(self, format: str, *args: object) -> None:
        pass
