"""Answers callers while the app cannot start: they would wait for its correction."""

import json
import socket
import threading
from contextlib import suppress

SECONDS = 5
"""How long a caller may take to send a request, and to take the answer."""

_BODY = json.dumps(
    {
        "error": {
            "code": "not_configured",
            "message": "The app cannot start: its console says why.",
            "status": 503,
            "retryable": False,
        }
    }
).encode()
_ANSWER = b"\r\n".join(
    (
        b"HTTP/1.1 503 Service Unavailable",
        b"content-type: application/json",
        b"content-length: %d" % len(_BODY),
        b"connection: close",
        b"",
        _BODY,
    )
)


def refuse(listener: socket.socket) -> None:
    """Answer every request with 503, in threads that end with the process."""
    listener.setblocking(True)  # No event loop accepts from it here.
    threading.Thread(target=_accept, args=(listener,), daemon=True).start()


def _accept(listener: socket.socket) -> None:
    with suppress(OSError):  # It is closed.
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        connection.settimeout(SECONDS)
        if not connection.recv(65536):
            return
        connection.sendall(_ANSWER)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):  # Closed too early, it would lose the answer.
            pass
