"""The headers of a proxied call: which go up, and which come back."""

import json

from tests.azure_openai.exchanges import WHOLE, exchange
from tests.azure_openai.proxied import PATH, Proxied, asking, azure
from tests.azure_openai.replay import Replay
from tests.standin.process import StandIn

NOT_FORWARDED = {
    "api-key": "the-callers",
    "authorization": "Bearer the-callers",
    "cookie": "a=b",
    "forwarded": "for=1.2.3.4",
    "ocp-apim-subscription-key": "the-callers",
    "openai-organization": "org-callers",
    "origin": "https://app",
    "referer": "https://app/chat?code=the-callers",
    "te": "trailers",
    "x-arr-ssl": "1",
    "x-forwarded-for": "1.2.3.4",
    "x-functions-key": "the-callers",
    "x-hop": "named by connection",
    "x-ms-client-principal": "someone",
    "x-ms-client-principal-id": "someone",
    "x-ms-token-aad-access-token": "secret",
    "x-original-url": "/",
}
FORWARDED = {
    "accept": "application/json",
    "content-type": "application/json; charset=utf-8",
    "traceparent": "00-0-0-0",
    "user-agent": "OpenAI/Python",
    "x-ms-client-request-id": "7",
    "x-stainless-lang": "python",
}


async def test_headers_go_up_but_for_those_that_are_the_callers_own() -> None:
    replay = Replay(pieces=[WHOLE])
    given = {**NOT_FORWARDED, **FORWARDED, "connection": "keep-alive, X-Hop"}
    body = json.dumps(asking("x")).encode()
    await exchange(replay, content=body, json=None, headers=given)
    [request] = replay.requests
    for name in NOT_FORWARDED.keys() - {"api-key"}:
        assert request.values(name) == []
    for name, value in FORWARDED.items():
        assert request.values(name) == [value]
    assert request.values("api-key") == ["standin-key"]
    assert request.values("accept-encoding") == ["identity"]
    assert len(request.values("content-length")) == 1
    assert request.values("host")[0].startswith("127.0.0.1:")
    assert request.values("transfer-encoding") == []


RETURNED = {
    "apim-request-id": "a",
    "content-type": "text/event-stream; charset=utf-8",
    "openai-processing-ms": "12",
    "retry-after": "7",
    "retry-after-ms": "6500",
    "x-anything": "harmless",
    "x-ms-region": "Sweden Central",
    "x-ratelimit-remaining-tokens": "249000",
}
NOT_RETURNED = {
    "access-control-allow-origin": "*",
    "keep-alive": "timeout=5",
    "openai-organization": "whose account",
    "proxy-authenticate": "Basic",
    "set-cookie": "a=b",
    "strict-transport-security": "max-age=1",
    "x-hop": "named by connection",
}


async def test_headers_come_back_but_for_those_that_are_upstreams_own() -> None:
    theirs = {"x-request-id": "theirs", "connection": "x-hop"}
    headers = {**RETURNED, **NOT_RETURNED, **theirs}
    replay = Replay(pieces=[WHOLE], headers=list(headers.items()))
    _, response = await exchange(replay)
    for name, value in RETURNED.items():
        assert response.headers.get_list(name) == [value]
    for name in NOT_RETURNED:
        assert name not in response.headers
    assert response.headers.get_list("x-request-id") == ["the-request-id"]
    assert response.headers["x-upstream-request-id"] == "theirs"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_stand_in_sees_the_servers_key_alone(standin: StandIn) -> None:
    proxied = Proxied(azure(standin.url))
    async with proxied.served() as client:
        given = {"api-key": "the-callers", "cookie": "a=b"}
        ask = asking("answer tokens=1 tag=proxied-headers")
        response = await client.post(PATH, json=ask, headers=given)
    assert response.status_code == 200
    [seen] = standin.requests("proxied-headers")
    assert seen["headers"]["api-key"] == ["standin-key"]
    assert "cookie" not in seen["headers"]
    assert "standin-key" not in str(response.headers) + response.text
