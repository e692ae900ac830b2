"""What `/api/health` tells, and to whom."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from azure_openai import backends
from azure_openai.trouble import Trouble
from health import PACKAGES, Health, Parts
from health import READY as READINESS
from settings import Settings
from streaming.limits import Capacity
from telemetry import Telemetry
from telemetry.journal import Journal
from tests.server import Server, until

READY = "/api/health?ready=1"
DETAILS = "/api/health/details"


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    """An app with room for one stream, whose default chain is `docs`."""
    telemetry = Telemetry(Journal(tmp_path / "kept", [], keep=True), {}, content=False)
    yield Parts(Settings(), Capacity(1), telemetry)
    telemetry.close()


async def test_ready_tells_each_check_and_which_versions_run(app: Server) -> None:
    response = app.client.get(READY)
    told = response.json()
    assert (response.status_code, told["status"]) == (200, "ok")
    checks = told["checks"]
    assert [checks[name] for name in READINESS] == ["ok"] * 4
    assert told["python"].startswith("3.")
    assert {"uvicorn", "langchain-core", "openai"} <= told["packages"].keys()
    assert told["packages"].keys() <= set(PACKAGES)


def test_a_stranger_is_told_the_status_alone(small: Server) -> None:
    with httpx.Client(base_url=small.url) as stranger:
        for path in ("/api/health", READY):
            response = stranger.get(path)
            assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_who_has_a_function_key_is_told_the_rest_where_the_host_asks_for_it(
    small: Server,
) -> None:
    """To the other path anything may be sent as a key, which nobody has checked."""
    assert small.client.get(READY).json() == {"status": "ok"}
    alive = small.client.get(DETAILS)
    assert (alive.status_code, alive.json()["checks"]["chain"]) == (200, "ok")
    assert "packages" not in alive.json()
    told = small.client.get(DETAILS, params={"ready": "1"}).json()
    assert [told["checks"][name] for name in READINESS] == ["ok"] * 4
    assert {"uvicorn", "langchain-core", "openai"} <= told["packages"].keys()
    with httpx.Client(base_url=small.url) as stranger:
        assert stranger.get(DETAILS).status_code == 401


def test_a_chain_that_cannot_be_loaded_is_not_ready() -> None:
    broken = {"CHAINS": "mine=tests.example_chains:missing", "CHAT_CHAIN": "mine"}
    with Server(broken) as server:

        def told() -> object:
            response = server.client.get(READY)
            assert response.status_code == 503
            assert response.json()["status"] == "unavailable"
            return response.json()["checks"]["chain"]

        until(lambda: told() == "could not be loaded", 40)
        alive = server.client.get("/api/health")
        assert alive.status_code == 503  # It is known now.
        details = server.client.get(DETAILS)
        assert (details.status_code, details.json()) == (503, alive.json())


async def test_all_is_well_at_first(parts: Parts) -> None:
    assert (await Health(parts).ready())["status"] == "ok"


async def test_no_room_for_a_stream_is_not_ready_but_alive(parts: Parts) -> None:
    health = Health(parts)
    with parts.capacity:
        report = await health.ready()
        assert report["status"] == "unavailable"
        assert report["checks"]["streams"] == "all 1 are taken"
        assert health.alive()["status"] == "ok"


async def test_backends_that_all_cool_down_are_not_ready(tmp_path: Path) -> None:
    several = [
        {"endpoint": f"https://{name}.example", "deployment": "d", "api_key": "k"}
        for name in ("one", "two")
    ]
    settings = Settings.model_validate({"azure_openai_backends": several})
    pool = backends.of(settings)
    telemetry = Telemetry(Journal(tmp_path, [], keep=True), {}, content=False)
    checks = {"backends": READINESS["backends"]}
    parts = Parts(settings, Capacity(1), telemetry)
    one, two = settings.backends
    pool.failed(one, Trouble("busy", busy=True, wait=60))
    assert (await Health(parts, checks).ready())["checks"]["backends"] == "ok"
    pool.failed(two, Trouble("busy", busy=True, wait=90))
    report = await Health(parts, checks).ready()
    assert report["status"] == "unavailable"
    assert report["checks"]["backends"].startswith("all cool down, for ")
    telemetry.close()


async def test_a_journal_whose_folder_is_gone_is_not_ready(parts: Parts) -> None:
    shutil.rmtree(parts.telemetry.folder)
    report = await Health(parts).ready()
    assert report["status"] == "unavailable"
    assert "its folder is gone" in report["checks"]["journal"]


async def test_a_check_that_fails_tells_nothing_of_why(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(parts: Parts) -> str | None:
        raise OSError("the-secret-reason")

    with caplog.at_level(logging.ERROR):
        report = await Health(parts, {"mine": fails}).ready()
    assert report["status"] == "unavailable"
    assert report["checks"]["mine"] == "could not be checked"
    assert caplog.messages == ["the check of mine: OSError"]


async def test_asking_often_does_not_check_often(parts: Parts) -> None:
    looked = []

    async def look(parts: Parts) -> str | None:
        looked.append(parts)
        return None

    health = Health(parts, {"mine": look})
    health_at_once = [await health.ready() for _ in range(20)]
    assert {report["status"] for report in health_at_once} == {"ok"}
    assert len(looked) < 20
