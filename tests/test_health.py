"""What `/api/health` tells, and to whom."""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import app as application
from app import App
from app.health import PACKAGES, Health
from app.health import READY as READINESS
from azure_openai import backends
from azure_openai.failure import BackendFailure
from settings import Settings
from settings.platform import Platform
from store import Document, StoreError
from store.memory import MemoryStore
from tests.support.app_process import AppProcess, until

READY = "/api/health?ready=1"
DETAILS = "/api/health/details"


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[App]:
    """An app with room for one stream, whose default chain is `docs`."""
    built = build(tmp_path / "kept", max_concurrent_streams=1)
    yield built
    built.telemetry.close()


def build(folder: Path, **settings: Any) -> App:
    return application.build(
        Settings(telemetry_path=str(folder), **settings), Platform()
    )


async def test_ready_tells_each_check_and_which_versions_run(app: AppProcess) -> None:
    response = app.client.get(READY)
    told = response.json()
    assert (response.status_code, told["status"]) == (200, "ok")
    checks = told["checks"]
    assert [checks[name] for name in READINESS] == ["ok"] * len(READINESS)
    assert told["python"].startswith("3.")
    assert {"uvicorn", "langchain-core", "openai"} <= told["packages"].keys()
    assert told["packages"].keys() <= set(PACKAGES)


def test_a_stranger_is_told_the_status_alone(small: AppProcess) -> None:
    with httpx.Client(base_url=small.url) as stranger:
        for path in ("/api/health", READY):
            response = stranger.get(path)
            assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_local_settings_that_reach_azure_show_a_stranger_no_details() -> None:
    """As after `func azure functionapp publish --publish-local-settings`."""
    deployed = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "WEBSITE_SITE_NAME": "the-app",
    }
    with AppProcess(deployed) as server:
        server.warm()
        for path in ("/api/health", READY):
            told = server.client.get(path)
            assert (told.status_code, told.json()) == (200, {"status": "ok"})


def test_who_has_a_function_key_is_told_the_rest_where_the_host_asks_for_it(
    small: AppProcess,
) -> None:
    """To the other path anything may be sent as a key, which nobody has checked."""
    assert small.client.get(READY).json() == {"status": "ok"}
    alive = small.client.get(DETAILS)
    assert (alive.status_code, alive.json()["checks"]["chain"]) == (200, "ok")
    assert "packages" not in alive.json()
    told = small.client.get(DETAILS, params={"ready": "1"}).json()
    assert [told["checks"][name] for name in READINESS] == ["ok"] * len(READINESS)
    assert {"uvicorn", "langchain-core", "openai"} <= told["packages"].keys()
    with httpx.Client(base_url=small.url) as stranger:
        assert stranger.get(DETAILS).status_code == 401


def test_a_chain_that_cannot_be_loaded_is_not_ready() -> None:
    broken = {
        "CHAINS": "mine=tests.support.example_chains:missing",
        "CHAT_CHAIN": "mine",
    }
    with AppProcess(broken) as server:

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


async def test_all_is_well_at_first(idle: App) -> None:
    assert (await Health().ready(idle))["status"] == "ok"


async def test_no_room_for_a_stream_is_not_ready_but_alive(idle: App) -> None:
    health = Health()
    with idle.capacity:
        report = await health.ready(idle)
        assert report["status"] == "unavailable"
        assert report["checks"]["streams"] == "all 1 are taken"
        assert health.alive(idle)["status"] == "ok"


async def test_a_store_that_is_down_is_shown_and_takes_no_instance_out(
    idle: App,
) -> None:
    class Down(MemoryStore):
        async def get(self, partition: str, key: str) -> Document | None:
            raise StoreError("down")

    report = await Health({"store": READINESS["store"]}).ready(
        replace(idle, store=Down())
    )
    assert report["checks"]["store"] == "memory does not answer (down)"
    assert report["status"] == "ok"


async def test_backends_that_all_cool_down_are_not_ready(tmp_path: Path) -> None:
    several = [
        {"endpoint": f"https://{name}.example", "deployment": "d", "api_key": "k"}
        for name in ("one", "two")
    ]
    cooling = build(tmp_path, azure_openai_backends=several)
    pool = backends.of(cooling.settings)
    health = Health({"backends": READINESS["backends"]})
    one, two = cooling.settings.backends
    pool.failed(one, BackendFailure("busy", busy=True, wait=60))
    assert (await health.ready(cooling))["checks"]["backends"] == "ok"
    pool.failed(two, BackendFailure("busy", busy=True, wait=90))
    report = await Health({"backends": READINESS["backends"]}).ready(cooling)
    assert report["status"] == "unavailable"
    assert str(report["checks"]["backends"]).startswith("all cool down, for ")
    cooling.telemetry.close()


async def test_a_journal_whose_folder_is_gone_is_not_ready(idle: App) -> None:
    shutil.rmtree(idle.telemetry.folder)
    report = await Health().ready(idle)
    assert report["status"] == "unavailable"
    assert "its folder is gone" in str(report["checks"]["journal"])


async def test_a_check_that_fails_tells_nothing_of_why(
    idle: App, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(idle: App) -> str | None:
        raise OSError("the-secret-reason")

    with caplog.at_level(logging.ERROR):
        report = await Health({"mine": fails}).ready(idle)
    assert report["status"] == "unavailable"
    assert report["checks"]["mine"] == "could not be checked"
    assert caplog.messages == ["the check of mine: OSError"]


async def test_asking_often_does_not_check_often(idle: App) -> None:
    looked = []

    async def look(idle: App) -> str | None:
        looked.append(idle)
        return None

    health = Health({"mine": look})
    health_at_once = [await health.ready(idle) for _ in range(20)]
    assert {report["status"] for report in health_at_once} == {"ok"}
    assert len(looked) < 20
