"""A key is changed while its callers go on: what is a name's stays the name's."""

from pathlib import Path
from typing import Any

import httpx

from server.auth import Caller, Callers
from settings import Settings
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.test_owners import caller

OLD, NEW = "caller-key-old", "caller-key-new"
STEPS = ((f"web:{OLD}", OLD), (f"web:{OLD},web:{NEW}", NEW), (f"web:{NEW}", NEW))
"""`API_KEYS` before, while and after a change, and the key that callers use."""


def ask(server: AppProcess, key: str) -> httpx.Response:
    body = {"user": "standin:answer tokens=5", "stream": False, "thread_id": "kept"}
    return server.client.post("/api/chat", json=body, headers={"api-key": key})


def test_budget_threads_and_usage_go_on_from_one_key_to_the_next(
    standin: StandIn, tmp_path: Path
) -> None:
    kept = {
        "STORE": f"sqlite:{tmp_path / 'store.db'}",
        "TELEMETRY_PATH": str(tmp_path / "journal"),
        "BUDGETS": '{"web": {"tokens": 100000, "per": "month"}}',
        "AZURE_FUNCTIONS_ENVIRONMENT": "Production",
    }
    left, runs, messages = [], [], []
    for keys, used in STEPS:
        with AppProcess(azure(standin, API_KEYS=keys, **kept)) as server:
            server.client.headers["api-key"] = used
            server.warm()
            for key in (OLD, NEW):
                response = ask(server, key)
                assert response.status_code == (200 if key in keys else 401)
                if response.status_code == 200:
                    left.append(int(response.headers["x-quota-remaining"]))
            runs += used_by(server)
            thread = server.client.get("/api/threads/kept").json()
            messages.append(len(thread["messages"]))
    assert len(left) == 4
    assert left == sorted(set(left), reverse=True)
    assert messages == [2, 6, 8]
    assert runs == [("web", 1), ("web", 3), ("web", 4)]


def used_by(server: AppProcess) -> list[tuple[str, int]]:
    """The callers, and how many runs each has had."""

    def report() -> dict[str, Any]:
        return dict(server.client.get("/api/usage?by=principal").json())

    until(lambda: "being read" not in report()["instance"])
    return [(each["name"], each["runs"]) for each in report()["groups"]]


def test_what_the_server_keeps_stays_the_names_and_goes_to_no_other_name() -> None:
    owners: list[Caller] = []
    for keys, used in STEPS:
        known = Callers(
            Settings.model_validate({"api_keys": keys}).named_keys, signed_in=False
        )
        owners.append(caller(known, api_key=used))
    assert owners == owners[:1] * 3
    # A new name with the old key is somebody else.
    renamed = Settings.model_validate({"api_keys": f"site:{OLD}"}).named_keys
    assert caller(Callers(renamed, signed_in=False), api_key=OLD) not in owners
