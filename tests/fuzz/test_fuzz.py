"""Whatever is sent is answered or refused, and the server goes on; and what was not."""

from collections.abc import Iterator

import pytest

from tests.conftest import azure
from tests.fuzz.fuzz_inputs import generate
from tests.fuzz.fuzz_run import SETTINGS, run
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.raw_http import exchange, head


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[AppProcess]:
    """The app with limits that malformed requests run into."""
    with (
        StandIn(quiet=True) as standin,
        AppProcess(azure(standin, **SETTINGS)) as server,
    ):
        server.warm()
        yield server


async def test_nothing_that_is_sent_is_unexpected(fuzzed: AppProcess) -> None:
    report = await run(fuzzed, generate(seed=0, count=500))
    assert report.unexpected == []
    assert sum(report.tried.values()) == 500
    assert report.statuses.keys() >= {"200", "400", "404", "408", "413", "no HTTP"}


def test_the_same_seed_makes_the_same_inputs() -> None:
    assert list(generate(1, 50)) == list(generate(1, 50))


@pytest.mark.parametrize(
    "path", ["/api/chat/json%0d%0ax:y", "/openai/deployments/a%0a/chat/completions"]
)
async def test_a_line_end_in_a_path_reaches_the_function(
    fuzzed: AppProcess, path: str
) -> None:
    """The worker's own route had no line end in it, and the invocation hung."""
    answer = await exchange(fuzzed.url, head(path, "content-length: 2") + b"{}")
    assert (answer.status, answer.json()["error"]["code"]) == (404, "not_found")
