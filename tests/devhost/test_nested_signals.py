"""A signal's handler that the next signal interrupts, at whatever line it is."""

import signal
import sys
import threading
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

import uvicorn

from devhost.server import HostServer


class Interrupted:
    """*handler* called for SIGINT, and for SIGTERM before its line of number *line*.

    `reached` is whether it has that many lines, `hangs` whether it does not return.
    """

    def __init__(self, handler: Callable[[int, None], None], line: int) -> None:
        self._handler, self._left = handler, line
        self.reached = False
        thread = threading.Thread(target=self._handle, daemon=True)
        thread.start()
        thread.join(5)
        self.hangs = thread.is_alive()

    def _handle(self) -> None:
        sys.settrace(self._trace)
        self._handler(signal.SIGINT, None)
        sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                self.reached = True
                sys.settrace(None)
                self._handler(signal.SIGTERM, None)
        return self._trace


def test_two_signals_at_once_do_not_hang() -> None:
    for line in count(1):
        server = HostServer(uvicorn.Config("none"), lambda: None, None)
        interrupted = Interrupted(server.handle_exit, line)
        assert not interrupted.hangs, f"it hangs at line {line} of what it calls"
        if not interrupted.reached:
            break
        assert server.should_exit
    assert line > 3
