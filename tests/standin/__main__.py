"""`python -m tests.standin`: serve until told to stop, or until stdin ends."""

import argparse
import asyncio
import os
import signal
import sys
import threading
from contextlib import suppress

from aiohttp import web

from tests.standin.server import application


async def serve(app: web.Application, port: int) -> None:
    """Serve *app* on loopback; says where once it does."""
    stop = asyncio.Event()
    watch(asyncio.get_running_loop(), stop)
    # With the cancellation a caller's leaving is noticed during silence too.
    runner = web.AppRunner(
        app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
        await site.start()
        print(f"ready http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201 -- a parent process reads it
        await stop.wait()
    finally:
        await runner.cleanup()


def watch(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Set *stop* on a signal, and at the end of stdin: then the parent is gone."""

    def request_stop(*_: object) -> None:
        with suppress(RuntimeError):  # The loop has stopped already.
            loop.call_soon_threadsafe(stop.set)

    def read_stdin() -> None:
        # Not `sys.stdin`: a thread that waits in it would hold its lock at exit.
        with suppress(OSError):
            while os.read(0, 4096):
                pass
        request_stop()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    threading.Thread(target=read_stdin, daemon=True).start()


def main() -> int:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="tests.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="standin-key")
    parser.add_argument("--token", default="standin-token")
    parser.add_argument("--scenario", default="answer", help="for other questions")
    options = parser.parse_args()
    app = application(key=options.key, token=options.token, scenario=options.scenario)
    asyncio.run(serve(app, options.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
