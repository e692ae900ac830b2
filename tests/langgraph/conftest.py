"""An app whose graphs wait for a person and talk, for two callers."""

from collections.abc import Iterator

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.waiting_chains import CHAINS

TELLING = ",".join(
    f"{name}=tests.support.thread_chains:{name}"
    for name in ("echo", "slow", "failing", "tool", "graph", "faltering")
)
NESTED = ",".join(
    f"{name}=tests.support.nested_graphs:{name}" for name in ("team", "at_once")
)
KEYS = "ann:caller-key-1,bob:caller-key-2"


@pytest.fixture(scope="session")
def graphs(standin: StandIn) -> Iterator[AppProcess]:
    settings = azure(standin, CHAINS=f"{CHAINS},{TELLING},{NESTED}", API_KEYS=KEYS)
    with AppProcess(settings) as server:
        server.warm()
        yield server
