"""Each fault of the stand-in: an error that the caller sees, and no record of success.

A fault at one of two backends is not the caller's, as long as nothing was shown.
"""

import asyncio
import json
from typing import Any

import httpx
import pytest

from proxy.kept import KeptResponse
from runs import Run
from server.limits import Limits
from settings import Settings
from tests.azure_openai.test_failover import FAULTS as OF_ONE
from tests.proxied_responses.response_streams import PATH, asking, events, proxying
from tests.standin.process import StandIn
from tests.support.backend_pool import closed_port, two
from tests.support.proxied_calls import read
from tests.support.proxy_server import ProxyServer

REFUSED = {
    "prompt_filtered": (400, "content_filter"),
    "context_length": (400, "context_length_exceeded"),
    "bad_param": (400, "unsupported_parameter"),
    "unauthorized": (502, "upstream_auth"),
    "forbidden": (502, "upstream_auth"),
    "not_found": (404, "DeploymentNotFound"),
    "rate_limited retry_after=7": (429, "429"),
    "quota retry_after=7": (429, "rate_limited"),
    "server_error": (500, "server_error"),
    "drop_before": (502, "upstream_error"),
}
BROKEN = ["drop", "drop fin=1", "drop_headers", "stall", "silent", "cut", "error_event"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("scenario", REFUSED)
async def test_a_refusal_has_its_status(
    standin: StandIn, scenario: str, stream: bool
) -> None:
    proxied = proxying(standin.url)
    async with proxied.served() as client:
        answer = await client.post(PATH, json=asking(scenario, stream=stream))
    status, code = REFUSED[scenario]
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if status == 429:
        assert answer.headers["retry-after"] == "7"
    run = await proxied.run()
    assert run.status in ("error", "content_filter")
    assert run.usage.output_tokens == 0


@pytest.mark.parametrize("scenario", BROKEN)
async def test_a_stream_that_breaks_is_no_success(
    standin: StandIn, scenario: str
) -> None:
    limits = Limits(peek=0.3, first_token=3.5, stall=2.5)
    proxied = proxying(standin.url, limits)
    async with (
        proxied.served() as client,
        client.stream("POST", PATH, json=asking(f"{scenario} tokens=4")) as answer,
    ):
        body, whole = await read(answer)
    run = await proxied.run()
    assert run.status == "error"
    if answer.status_code != 200:
        assert json.loads(body)["error"]["code"]
        return
    told = events(body)
    kinds = [event["type"] for event in told]
    assert "response.completed" not in kinds
    if scenario == "cut":  # The upstream ended the stream itself, and said no more.
        assert whole
    else:
        assert kinds[-1] in ("error", "response.failed")
    numbers = [event["sequence_number"] for event in told]
    assert numbers == list(range(len(numbers)))


def pooled(standin: StandIn, **more: Any) -> ProxyServer:
    settings = Settings(azure_openai_backends=two(standin, **more))
    return ProxyServer(
        settings, Limits(peek=20), operation="responses", deployment="ptu"
    )


async def asked(standin: StandIn, tag: str) -> list[object]:
    """The models that were asked for what has *tag*, in order."""
    found = await asyncio.to_thread(standin.requests, tag)
    return [each["body"]["model"] for each in found]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("fault", OF_ONE)
async def test_a_fault_of_one_backend_is_not_the_callers(
    standin: StandIn, fault: str, stream: bool
) -> None:
    if (fault, stream) == ("no-json", False):
        return  # It answers as it should.
    tag = f"responses-{fault}-{stream}"
    proxied = pooled(standin)
    scenario = f"{OF_ONE[fault]} only=ptu tag={tag}"
    async with proxied.served() as client:
        answer = await client.post(PATH, json=asking(scenario, stream=stream))
        run = await proxied.run()
    assert answer.status_code == 200
    response = events(answer.content)[-1]["response"] if stream else answer.json()
    assert response["status"] == "completed"
    assert await asked(standin, tag) == ["ptu", "payg"]
    assert (run.status, run.deployment) == ("ok", "payg")
    assert answer.headers["x-deployment"] == "payg"


async def test_what_has_shown_nothing_is_asked_elsewhere(standin: StandIn) -> None:
    proxied = pooled(standin)
    scenario = "response_failed kind=rate_limit_exceeded only=ptu"
    async with proxied.served() as client:
        answer = await client.post(PATH, json=asking(scenario))
        run = await proxied.run()
    assert events(answer.content)[-1]["type"] == "response.completed"
    assert [each["outcome"] for each in run.attempts] == ["busy", "answered"]


async def test_a_response_goes_on_at_its_own_backend_alone(standin: StandIn) -> None:
    proxied = pooled(standin)
    first, second = proxied.settings.azure_openai_backends or ()
    run = Run(request_id="the-request-id")
    body = json.dumps(asking("rate_limited tag=pinned")).encode()
    sent = proxied.proxy.outgoing(body, {}, {}, operation="responses", deployment="ptu")
    response = proxied.proxy.respond(
        sent,
        body,
        deployment="ptu",
        run=run,
        at=KeptResponse(second.resource, "payg"),
    )
    transport = httpx.ASGITransport(app=response)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/")
    await proxied.proxy.aclose()
    assert answer.status_code == 429
    assert await asked(standin, "pinned") == ["payg"]
    assert first.resource != second.resource


async def test_nobody_listens() -> None:
    proxied = proxying(f"http://127.0.0.1:{closed_port()}")
    async with proxied.served() as client:
        answer = await client.post(PATH, json=asking("answer"))
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_unreachable"
