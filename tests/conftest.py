"""Servers that tests share; each is started once, with the first test that needs it."""

from collections.abc import Iterator

import hypothesis
import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

# A busy machine is no failure, and what failed once fails again.
hypothesis.settings.register_profile(
    "ours",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("ours")

CHAINS = (
    "strings,model,sources,ragged,graph,agent,tools,silent,broken,quiet_tool,inner,"
    "blocks,assigned,nested,remembering,searching,code,prolific,unheard,"
    "unstreamed,busy,nothing"
)
MODELS = (
    "unexplained,text_model,parsed,relayed,totals,halves,brought,responding,"
    "responding_v0,responding_v1,thinker"
)


def azure(standin: StandIn, **settings: str) -> dict[str, str]:
    """The settings of an app whose Azure OpenAI is *standin*."""
    return {
        "AZURE_OPENAI_ENDPOINT": standin.url,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        "AZURE_OPENAI_API_KEY": standin.key,
        **settings,
    }


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def standin() -> Iterator[StandIn]:
    """A stand-in for Azure OpenAI."""
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="session")
def app(standin: StandIn) -> Iterator[AppProcess]:
    """The app as it is by default, over the stand-in, with the tests' chains."""
    chains = ",".join(
        f"{name}=tests.support.{module}:{name}"
        for module, names in (("example_chains", CHAINS), ("example_models", MODELS))
        for name in names.split(",")
    )
    models = "tests.support.telling_models"
    others = f"told={models}:told,bound={models}:bound"
    others += ",ending=tests.support.ending_chain:ending"
    with AppProcess(azure(standin, CHAINS=f"{chains},{others}")) as server:
        server.warm()
        server.events("hello", chain="strings")  # What is imported now keeps no test.
        yield server


@pytest.fixture(scope="session")
def impatient(standin: StandIn) -> Iterator[AppProcess]:
    """The app that bears silence for as long as a test can wait.

    What ends an answer is 2 seconds and more from what does not: a machine may stand
    still for as long.
    """
    limits = {
        "FIRST_TOKEN_PEEK_SECONDS": "0.3",
        "KEEPALIVE_SECONDS": "0.2",
        "FIRST_TOKEN_TIMEOUT_SECONDS": "3.5",
        "STALL_TIMEOUT_SECONDS": "2.5",
        "CHAINS": "quiet_tool=tests.support.example_chains:quiet_tool",
    }
    with AppProcess(azure(standin, **limits)) as server:
        server.warm()
        server.events("standin:answer")
        yield server


@pytest.fixture(scope="session")
def brief(standin: StandIn) -> Iterator[AppProcess]:
    """The app with a deadline that a test can wait for."""
    limits = {"FIRST_TOKEN_PEEK_SECONDS": "0.3", "REQUEST_DEADLINE_SECONDS": "3"}
    with AppProcess(azure(standin, **limits)) as server:
        server.warm()
        server.events("standin:answer")
        yield server


@pytest.fixture(scope="session")
def small(standin: StandIn) -> Iterator[AppProcess]:
    """The app with limits that a test can exceed, and no system prompt from callers."""
    limits = {
        "MAX_REQUEST_BYTES": "2000",
        "MAX_MESSAGES": "3",
        "MAX_CONCURRENT_STREAMS": "2",
        "CALLER_SYSTEM_PROMPT": "refuse",
        "FUNCTIONS_KEY": "the-function-key",
    }
    with AppProcess(azure(standin, **limits)) as server:
        server.client.headers["x-functions-key"] = "the-function-key"
        server.warm()
        server.events("standin:answer")
        yield server


@pytest.fixture(scope="session")
def offline() -> Iterator[AppProcess]:
    """The app as `make run` starts it in a fresh clone: no model, no credentials."""
    with AppProcess({}) as server:
        server.warm()
        server.events("hello")
        yield server
