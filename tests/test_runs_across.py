"""Two processes over one store: each follows and stops the other's runs."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.followed_runs import (
    ask,
    begun,
    ended,
    follow,
    frames,
    number,
    numbers,
    state,
)

LEASE = 3.0
FOLLOWERS = 20


def settings(standin: StandIn, folder: Path) -> dict[str, str]:
    store = f"sqlite:{folder / 'kept.db'}"
    return azure(standin, STORE=store, RUN_LEASE_SECONDS=str(LEASE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def here(standin: StandIn, folder: Path) -> Iterator[AppProcess]:
    with AppProcess(settings(standin, folder)) as server:
        server.warm()
        yield server


@pytest.fixture(scope="module")
def there(standin: StandIn, folder: Path) -> Iterator[AppProcess]:
    with AppProcess(settings(standin, folder)) as server:
        server.warm()
        yield server


def test_a_finished_run_is_the_same_from_everywhere(
    here: AppProcess, there: AppProcess
) -> None:
    first = ask(here, "standin:answer tokens=5")
    run_id = first.headers["x-run-id"]
    assert follow(there, run_id).content == first.content
    assert state(there, run_id) == state(here, run_id)


def test_a_run_is_followed_from_another_process(
    here: AppProcess, there: AppProcess
) -> None:
    with begun(here, "standin:answer tokens=60 delay_ms=30") as run_id:
        until(lambda: there.client.get(f"/api/runs/{run_id}").status_code == 200)
        assert numbers(follow(there, run_id).content) == list(range(1, 62))


def test_a_run_is_stopped_from_another_process(
    here: AppProcess, there: AppProcess, standin: StandIn
) -> None:
    with begun(here, "standin:answer tokens=1000 delay_ms=20 tag=far") as run_id:
        until(lambda: there.client.get(f"/api/runs/{run_id}").status_code == 200)
        stopped = there.client.post(f"/api/runs/{run_id}/cancel")
        assert (stopped.status_code, stopped.json()["status"]) == (202, "running")
        assert standin.wait_closed("far")["closed_at"] is not None
        assert ended(there, run_id)["status"] == "cancelled"


def test_followers_of_a_process_that_is_killed_each_get_one_ending(
    standin: StandIn, folder: Path, there: AppProcess
) -> None:
    streams: list[bytes] = []
    seen = threading.Semaphore(0)

    def read(run_id: str) -> bytes:
        received = bytearray()
        url = f"{there.url}/api/runs/{run_id}/stream"
        with httpx.stream("GET", url, timeout=30) as response:
            for piece in response.iter_bytes():
                if not received:
                    seen.release()
                received += piece
        return bytes(received)

    with (
        AppProcess(settings(standin, folder)) as producer,
        ThreadPoolExecutor(FOLLOWERS) as readers,
    ):
        producer.warm()
        with begun(producer, "standin:answer tokens=2000 delay_ms=20") as run_id:
            until(lambda: there.client.get(f"/api/runs/{run_id}").status_code == 200)
            reading = [readers.submit(read, run_id) for _ in range(FOLLOWERS)]
            assert all(seen.acquire(timeout=10) for _ in reading)
            producer.kill()
            streams = [each.result(timeout=30) for each in reading]
    assert len(set(streams)) == 1
    found = frames(streams[0])
    assert [number(frame) for frame in found] == list(range(1, len(found) + 1))
    assert found[-2].startswith(b"event: error\n")
    assert b'"run_lost"' in found[-2]
    assert found[-1].startswith(b"event: done\n")
    assert state(there, run_id)["status"] == "lost"
    beyond = follow(there, run_id, after=99_999).content
    assert frames(beyond) == found[-2:]
    over = there.client.post(f"/api/runs/{run_id}/cancel")
    assert (over.status_code, over.json()["status"]) == (200, "lost")


def test_a_run_that_nobody_follows_is_lost_too(
    standin: StandIn, folder: Path, there: AppProcess
) -> None:
    with AppProcess(settings(standin, folder)) as producer:
        producer.warm()
        with begun(producer, "standin:answer tokens=2000 delay_ms=20") as run_id:
            until(lambda: there.client.get(f"/api/runs/{run_id}").status_code == 200)
            producer.kill()
    until(lambda: state(there, run_id)["status"] == "lost")
