"""What is said of a server that cannot be reached, to the caller and in the log."""

import pytest

from tests.standin.process import StandIn
from tests.support.backend_pool import (
    PROXY,
    WAYS,
    PooledApp,
    asking,
    backend,
    closed_port,
)


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_the_caller_hears_it_and_the_log_says_which_host_and_why(
    standin: StandIn, path: str, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    plain = standin.url.removeprefix("http://")
    refused = f"127.0.0.1:{closed_port()}"
    for url, logged in (
        (f"http://{refused}", f"{refused}: ClientConnectorError ECONNREFUSED"),
        ("http://nowhere.invalid", "nowhere.invalid:80: ClientConnectorDNSError"),
        (f"https://{plain}", f"{plain}: ClientConnectorSSLError"),
    ):
        caplog.clear()
        pooled = PooledApp([backend(standin, "ptu", endpoint=url)])
        async with pooled.served() as client:
            body = asking(path, "answer", stream=stream)
            answer = await client.post(path, json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (502, "upstream_unreachable")
        assert error["message"] == "The model's server cannot be reached."
        assert f"backend {logged}" in caplog.text


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_a_gateways_quota_is_a_rate_limit(
    standin: StandIn, path: str, stream: bool
) -> None:
    pooled = PooledApp([backend(standin, "ptu")])
    async with pooled.served() as client:
        body = asking(path, "quota retry_after=7", stream=stream)
        answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert answer.headers["retry-after"] == "7"
    assert "x-should-retry" not in answer.headers
    if path != PROXY and "retryable" in answer.json()["error"]:
        assert answer.json()["error"]["retryable"] is True
