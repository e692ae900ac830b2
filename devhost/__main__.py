"""Serve the Function App in a folder: `python -m devhost [APP_DIR]`."""

import argparse
import asyncio
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from devhost import config, worker
from devhost.banner import banner
from devhost.config import HostConfig
from devhost.errors import StartError
from devhost.host import FunctionsHost, logger
from devhost.raised_at import raised_at
from devhost.reload import CHANGED, Reload
from devhost.server import HostServer

_ADDRESS = "127.0.0.1"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost", description=__doc__)
    parser.add_argument("app_dir", nargs="?", default=".", type=Path, metavar="APP_DIR")
    parser.add_argument(
        "--reload", action="store_true", help="start anew once a file has changed"
    )
    given = parser.parse_args(arguments)
    app_dir = given.app_dir.resolve()
    with suppress(KeyboardInterrupt):
        reload = None
        try:
            reload = Reload(app_dir) if given.reload else None
            _run(app_dir, reload)
        except StartError as exc:
            print(f"devhost: {exc}", file=sys.stderr)
            if reload is None or not reload.again:
                return 1
            reload.wait()
    return 0


def _run(app_dir: Path, reload: Reload | None) -> None:
    def interrupt(number: int, frame: FrameType | None) -> None:
        """Stop at once, until the server's own handler takes over."""
        if reload is not None:
            reload.note(number)
        raise KeyboardInterrupt

    for number in {signal.SIGINT, signal.SIGTERM, CHANGED}:
        signal.signal(number, interrupt)
    configuration = config.load(app_dir, os.environ)
    os.environ.update(configuration.settings)
    _log_to_stderr()
    kept = reload.listener(configuration.port) if reload else None
    with kept or _listen(configuration.port) as listener:
        if reload is not None:
            reload.keep(listener)
        serving = _serve(configuration, listener, reload)
        # uvloop if it is installed, as in Azure.
        asyncio.run(serving, loop_factory=auto_loop_factory())


async def _serve(
    configuration: HostConfig, listener: socket.socket, reload: Reload | None
) -> None:
    _log_no_exception_text(configuration.app_dir)
    app = await worker.load(configuration.app_dir)
    host = FunctionsHost(configuration, app)
    base_url = "http://{}:{}".format(*listener.getsockname())
    again = reload is not None and reload.again
    shown = banner(configuration, app, base_url, routes=not again)
    server = HostServer(
        uvicorn.Config(
            host,
            access_log=False,
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            ws="none",
        ),
        on_ready=lambda: print(shown, flush=True),
        reload=reload,
    )
    try:
        async with app.web_app.router.lifespan_context(app.web_app):
            await server.serve([listener])
    finally:
        app.close()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        if os.name == "posix":  # On Windows it would share a port that is taken.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_ADDRESS, port))
        listener.listen(2048)
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise StartError(
                f"Port {port} is taken: stop what listens there, or set PORT to "
                "another one (0 takes a free one)."
            ) from exc
        raise StartError(f"Cannot listen on port {port}: {exc.strerror}.") from exc
    return listener


def _log_to_stderr() -> None:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logger.setLevel(logging.INFO)  # Whatever level the app gives the root.
    # It logs the text of exceptions, which may quote a prompt; `FunctionsHost` logs
    # their type.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)


def _log_no_exception_text(app_dir: Path) -> None:
    """Replace asyncio's own report of an exception that nobody waited for."""

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        exc = context.get("exception")
        if isinstance(exc, BaseException):
            where = raised_at(exc, app_dir) or "no line of the app"
            what = f"{type(exc).__name__} at {where}"
        else:
            what = "no exception"
        logger.error("%s: %s", context["message"], what)

    asyncio.get_running_loop().set_exception_handler(report)


if __name__ == "__main__":
    sys.exit(main())
