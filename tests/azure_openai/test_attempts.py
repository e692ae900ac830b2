"""Each run's record says which backends were asked, and what became of each."""

import pytest

from telemetry import records
from tests.standin.process import StandIn
from tests.support.backend_pool import (
    CHAIN,
    PROXY,
    WAYS,
    PooledApp,
    asking,
    backend,
    closed_port,
    two,
)

FAULTS = {
    "rate_limited retry_after=7": ("status", 429),
    "unauthorized": ("status", 401),
    "drop_before": ("lost", None),
    "cut tokens=0": ("cut", 200),
    "error_event tokens=0": ("error", 200),
}


@pytest.mark.parametrize("path", [CHAIN, PROXY])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failed_attempt_is_recorded_before_the_one_that_answered(
    standin: StandIn, fault: str, path: str
) -> None:
    pooled = PooledApp(two(standin))
    async with pooled.served() as client:
        await client.post(path, json=asking(path, f"{fault} only=ptu"))
        run = await pooled.run()
    record = records.build(run, content=False)
    first, second = record["attempts"]
    ptu, payg = pooled.settings.backends
    assert (first["outcome"], first["status"]) == FAULTS[fault]
    assert (first["backend"], first["deployment"]) == (ptu.address, "ptu")
    assert (second["outcome"], second["status"]) == ("answered", 200)
    assert (second["backend"], second["deployment"]) == (payg.address, "payg")
    assert second["region"] == "Sweden Central"
    assert min(first["duration_ms"], second["duration_ms"]) >= 0


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_a_single_backend_is_one_attempt(
    standin: StandIn, path: str, stream: bool
) -> None:
    pooled = PooledApp([backend(standin, "gpt-4o")])
    async with pooled.served() as client:
        await client.post(path, json=asking(path, "answer tokens=2", stream=stream))
        run = await pooled.run()
    assert [each["outcome"] for each in run.attempts] == ["answered"]


async def test_what_cannot_be_reached_has_no_status(standin: StandIn) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    pooled = PooledApp([backend(standin, "gpt-4o", endpoint=url)])
    async with pooled.served() as client:
        response = await client.post(CHAIN, json=asking(CHAIN, "answer"))
        run = await pooled.run()
    assert response.status_code == 502
    [attempt] = run.attempts
    assert (attempt["outcome"], attempt["status"]) == ("unreachable", None)
