"""What a chain raises is in the log, whole, on a developer's own machine alone."""

from collections.abc import Iterator

import pytest

from tests.support.app_process import AppProcess, read_events, text_of
from tests.support.exiting_chains import SECRET_BEGINS

CHAINS = ",".join(
    f"{name}=tests.support.raising_chains:{name}"
    for name in ("at_first", "later", "mapped", "cleaning", "node", "group", "ending")
)
ELSEWHERE = (
    {"AZURE_FUNCTIONS_ENVIRONMENT": "Production"},
    {"AZURE_FUNCTIONS_ENVIRONMENT": "Staging"},
    {"FUNCTIONS_KEY": "function-key"},
    # As after `func azure functionapp publish --publish-local-settings`.
    {"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "WEBSITE_SITE_NAME": "the-app"},
)


@pytest.fixture(scope="module")
def own() -> Iterator[AppProcess]:
    """The app as `make run` serves it."""
    with AppProcess({"CHAINS": CHAINS}) as server:
        yield server


@pytest.mark.parametrize("chain", ["at_first", "later", "mapped", "node", "group"])
def test_the_log_has_the_traceback_of_what_a_chain_raises(
    own: AppProcess, chain: str
) -> None:
    response = own.chat("hello", chain=chain)
    own.wait_for(f"request {response.headers['x-request-id']}: a chain raised")
    own.wait_for(rf"^.*\w+Error: {SECRET_BEGINS} of {chain}$")
    assert any("raising_chains.py" in line for line in own.lines)
    assert SECRET_BEGINS not in response.text


def test_so_it_has_what_a_chain_raises_when_it_is_left(own: AppProcess) -> None:
    with own.streaming("hello", chain="cleaning") as answer:
        answer.next()
    own.wait_for(rf"ValueError: {SECRET_BEGINS} of cleaning$")


def test_an_exit_has_its_place_and_no_more_than_its_class(own: AppProcess) -> None:
    own.chat("hello", chain="ending")
    own.wait_for(r"Exit: SystemExit$")


@pytest.mark.parametrize("environment", ELSEWHERE)
def test_no_other_environment_logs_a_text(environment: dict[str, str]) -> None:
    with AppProcess({"CHAINS": CHAINS, **environment}) as server:
        server.client.headers["x-functions-key"] = "function-key"
        for chain in ("at_first", "later", "mapped", "cleaning", "node", "group"):
            response = server.chat("hello", chain=chain)
            assert response.status_code in (200, 500, 504), response.text
        server.record(response.headers["x-request-id"])
    assert [line for line in server.lines if SECRET_BEGINS in line] == []


@pytest.mark.parametrize("environment", [{}, ELSEWHERE[0]], ids=["own", "elsewhere"])
def test_a_chain_that_cannot_be_built_has_its_place_and_elsewhere_no_text(
    environment: dict[str, str],
) -> None:
    module = "tests.support.raising_chains"
    chains = f"unbuilt={module}:unbuilt,unimported={module}:unimported"
    with AppProcess({"CHAINS": chains, **environment}) as server:
        server.client.headers["x-functions-key"] = "function-key"
        for chain in ("unbuilt", "unimported"):
            response = server.chat("hello", chain=chain, stream=False)
            assert response.json()["error"]["code"] == "not_configured"
        server.wait_for(r"'unbuilt' could not be loaded: ValidationError at \S+")
        missing = "ModuleNotFoundError: No module named 'a_package_that_nobody_has'"
        server.wait_for(rf"'unimported' could not be loaded: {missing} at \S+")
    told = any(f"input_value='{SECRET_BEGINS}'" in line for line in server.lines)
    assert told is not bool(environment)


TALKING = ("warning", "thread", "task", "callback", "retried", "own_line")


@pytest.mark.parametrize("environment", [{}, ELSEWHERE[0]], ids=["own", "elsewhere"])
def test_no_line_that_a_chain_causes_has_the_prompt(
    environment: dict[str, str],
) -> None:
    """A warning has its text on a developer's own machine."""
    module = "tests.support.talking_chains"
    chains = ",".join(f"{name}={module}:{name}" for name in TALKING)
    secret = f"{SECRET_BEGINS} in a prompt"
    with AppProcess({"CHAINS": chains, **environment}) as server:
        server.client.headers["x-functions-key"] = "function-key"
        for chain in TALKING:
            response = server.chat(secret, chain=chain)
            assert text_of(read_events(response)) == "done", chain
            server.record(response.headers["x-request-id"])
        server.wait_for(r"talking_chains.py:\d+: UserWarning")
        server.wait_for(r"uncaught in a thread: Worded at \S+talking_chains.py:\d+")
        server.wait_for(r"Task exception was never retrieved: Worded")
        server.wait_for(r"Broken.on_chat_model_start callback: Worded$")
        server.wait_for(r"Retrying task ask after .*: ConnectionError$")
        server.wait_for(rf"asked: {len(secret)}$")
    told = [line for line in server.lines if SECRET_BEGINS in line]
    assert all("UserWarning" in line for line in told)
    assert len(told) == (0 if environment else 1)
