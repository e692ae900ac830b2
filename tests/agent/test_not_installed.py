"""A chain whose packages are not installed is not listed, and says what it needs."""

from collections.abc import Iterator

import httpx
import pytest

from chains import Chains
from settings import Settings
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.example_chains import strings

NEEDED = "The chain 'agent' needs packages: langchain, langgraph."

# Python imports it by itself as it starts.
HIDING = """
import sys
from importlib.machinery import PathFinder

class Hiding(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in ("langchain", "langgraph"):
            return None
        return super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Hiding
"""


@pytest.fixture(scope="module")
def without(
    standin: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppProcess]:
    """The app without langchain and langgraph."""
    folder = tmp_path_factory.mktemp("hiding")
    (folder / "sitecustomize.py").write_text(HIDING)
    with AppProcess(azure(standin, PYTHONPATH=str(folder))) as server:
        server.warm()
        yield server


def test_it_is_in_no_list(without: AppProcess) -> None:
    chains = without.client.get("/api/chains").json()["chains"]
    assert {chain["name"] for chain in chains} == {"chat", "docs"}
    models = without.client.get("/openai/v1/models").json()["data"]
    assert "agent" not in {model["id"] for model in models}
    assert without.client.get("/openai/v1/models/agent").status_code == 404


@pytest.mark.parametrize("stream", [True, False])
def test_asking_for_it_says_what_to_install(without: AppProcess, stream: bool) -> None:
    response = without.chat("hello", chain="agent", stream=stream)
    assert_needed(response)


def test_openais_clients_are_told_too(without: AppProcess) -> None:
    message = {"role": "user", "content": "hello"}
    body = {"model": "agent", "messages": [message]}
    assert_needed(without.client.post("/openai/v1/chat/completions", json=body))


def assert_needed(response: httpx.Response) -> None:
    assert response.status_code == 503
    error = response.json()["error"]
    assert (error["code"], error["message"]) == ("not_configured", NEEDED)


def test_the_other_chains_answer(without: AppProcess) -> None:
    events = without.events("standin:answer tokens=1")
    assert events[-1][0] == "done"


def test_a_chain_from_chains_may_have_its_name() -> None:
    target = {"agent": f"{strings.__module__}:strings"}
    chains = Chains(Settings(chains=target))
    assert chains.names.count("agent") == 1
    assert (
        chains.describe("agent") == "Base classes and utilities for `Runnable` objects."
    )
    assert chains.find("agent") == "agent"
