"""The headers of a proxied call: which go up, and which come back."""

import json
import re

from tests.standin.process import StandIn
from tests.support.proxied_calls import WHOLE, exchange
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay

NOT_FORWARDED = {
    # The caller's credentials, and whose account they are of.
    "api-key": "the-callers",
    "authorization": "Bearer the-callers",
    "cf-access-jwt-assertion": "the-callers",
    "cookie": "a=b",
    "ocp-apim-subscription-key": "the-callers",
    "openai-organization": "org-callers",
    "openai-project": "project-callers",
    "x-auth-token": "the-callers",
    "x-functions-key": "the-callers",
    "x-goog-iap-jwt-assertion": "the-callers",
    "x-ms-client-principal": "someone",
    "x-ms-client-principal-id": "someone",
    "x-ms-token-aad-access-token": "secret",
    "x-zumo-auth": "the-callers",
    # Addresses: of the caller, and of this app, which may have a key in them.
    "forwarded": "for=1.2.3.4",
    "origin": "https://app",
    "referer": "https://app/chat?code=the-callers",
    "x-azure-clientip": "1.2.3.4",
    "x-forwarded-for": "1.2.3.4",
    "x-ms-original-url": "https://app/chat?code=the-callers",
    "x-original-url": "/",
    "x-rewrite-url": "/chat?code=the-callers",
    # Of the connection, or nobody's.
    "accept-language": "de",
    "te": "trailers",
    "x-arr-ssl": "1",
    "x-nobody-knows": "this",
    "x-stainless-hop": "named by connection",
    "x-stainless-script": "Z\xfcrich",
}
FORWARDED = {
    "accept": "application/json",
    "content-encoding": "identity",
    "content-type": "application/json; charset=utf-8",
    "extra-parameters": "pass-through",
    "idempotency-key": "8",
    "openai-beta": "assistants=v2",
    "traceparent": "00-0-0-0",
    "tracestate": "a=b",
    "user-agent": "OpenAI/Python",
    "x-ms-client-request-id": "7",
    "x-ms-oai-assistants-testenv": "1",
    "x-request-id": "6",
    "x-stainless-lang": "python",
}


async def test_headers_that_are_listed_go_up_and_no_others() -> None:
    replay = Replay(pieces=[WHOLE])
    hops = {"connection": "keep-alive, X-Stainless-Hop"}
    body = json.dumps(asking("x")).encode()
    given = {**NOT_FORWARDED, **FORWARDED, **hops}
    encoded = {name: value.encode("latin-1") for name, value in given.items()}
    await exchange(replay, content=body, json=None, headers=encoded)
    [request] = replay.requests
    sent = dict(request.headers)
    assert sent.pop("api-key") == "standin-key"
    assert sent.pop("accept-encoding") == "identity"
    assert sent.pop("host").startswith("127.0.0.1:")
    assert int(sent.pop("content-length")) >= len(body)
    assert sent == FORWARDED
    assert len(request.headers) == len(FORWARDED) + 4  # Each once.


RETURNED = {
    "apim-request-id": "a",
    "azureml-model-session": "d1",
    "content-type": "text/event-stream; charset=utf-8",
    "openai-processing-ms": "12",
    "retry-after": "7",
    "retry-after-ms": "6500",
    "x-ms-region": "Sweden Central",
    "x-ratelimit-remaining-tokens": "249000",
}
NOT_RETURNED = {
    # What a server on the way or a browser would do as it is told.
    "access-control-allow-origin": "*",
    "alt-svc": 'h3=":443"',
    "clear-site-data": '"*"',
    "content-disposition": "attachment; filename=a.exe",
    "link": "</a.js>; rel=preload",
    "location": "https://elsewhere",
    "refresh": "0; url=https://elsewhere",
    "service-worker-allowed": "/",
    "set-cookie": "a=b",
    "sourcemap": "/a.map",
    "strict-transport-security": "max-age=1",
    "x-accel-redirect": "/etc/passwd",
    "x-sendfile": "/etc/passwd",
    # Whose account it is, and which server.
    "openai-organization": "whose account",
    "openai-project": "whose account",
    "server": "theirs",
    # Of the connection, or nobody's.
    "keep-alive": "timeout=5",
    "proxy-authenticate": "Basic",
    "x-nobody-knows": "this",
    "x-ratelimit-hop": "named by connection",
}
OURS = {
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
    "x-deployment": "gpt-4o",
    "x-request-id": "the-request-id",
    "x-upstream-request-id": "theirs",
}


async def test_headers_that_are_listed_come_back_and_no_others() -> None:
    theirs = {"x-request-id": "theirs", "connection": "x-ratelimit-hop"}
    headers = {**RETURNED, **NOT_RETURNED, **theirs}
    replay = Replay(pieces=[WHOLE], headers=list(headers.items()))
    _, response = await exchange(replay)
    came = dict(response.headers.items())
    for name in ("date", "transfer-encoding"):
        del came[name]
    assert came.pop("server") == "uvicorn"
    assert re.fullmatch(r"127\.0\.0\.1:\d+", came.pop("x-backend"))
    assert came == {**RETURNED, **OURS}


async def test_the_stand_in_sees_the_servers_key_alone(standin: StandIn) -> None:
    proxied = ProxyServer(azure(standin.url))
    async with proxied.served() as client:
        given = {"api-key": "the-callers", "cookie": "a=b"}
        ask = asking("answer tokens=1 tag=proxied-headers")
        response = await client.post(PATH, json=ask, headers=given)
    assert response.status_code == 200
    [seen] = standin.requests("proxied-headers")
    assert seen["headers"]["api-key"] == ["standin-key"]
    assert "cookie" not in seen["headers"]
    assert "standin-key" not in str(response.headers) + response.text
