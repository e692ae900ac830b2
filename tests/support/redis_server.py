"""Debian's Redis on a port of its own, without persistence."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.support.app_process import until
from tests.support.backend_pool import closed_port


@contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """A server with *options*; gives its address.

    Without one on this machine the test is skipped, and fails in CI.
    """
    program = shutil.which("redis-server")
    if program is None:
        missing = "redis-server is not installed: apt-get install redis-server"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    port = closed_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [
                *(program, "--port", str(port), "--bind", "127.0.0.1"),
                *("--dir", folder, "--save", "", "--appendonly", "no", *options),
            ],
            stdout=subprocess.DEVNULL,
        )
        try:
            with redis.Redis(port=port) as client:
                until(lambda: _answers(client))
            yield f"redis://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.AuthenticationError:
        return True  # As a test has asked for.
    except redis.RedisError:
        return False
