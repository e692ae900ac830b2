"""Without a key, the signed-in identity: azure-identity's own code over a socket.

The identity endpoint is App Service's, which is what a Function App has on Azure.
See: https://learn.microsoft.com/azure/app-service/overview-managed-identity
"""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time

import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of, until


@contextmanager
def identity_endpoint(
    token: str | None, *, first_seconds: int = 3600
) -> Iterator[tuple[str, list[str]]]:
    """An endpoint that gives *token*, or refuses; its URL and what it was asked.

    The first one it gives is good for *first_seconds*.
    """
    asked: list[str] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            seconds = first_seconds if len(asked) == 1 else 3600
            given = {
                "access_token": token,
                "expires_on": str(int(time()) + seconds),
                "resource": "r",
                "token_type": "Bearer",
            }
            body = json.dumps(given if token else {"message": "no-identity"}).encode()
            self.send_response(200 if token else 400)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token", asked
        finally:
            server.shutdown()
            thread.join()


def settings(standin: StandIn, endpoint: str) -> dict[str, str]:
    return {
        "AZURE_OPENAI_ENDPOINT": standin.url,
        "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
        "IDENTITY_ENDPOINT": endpoint,
        "IDENTITY_HEADER": "header",
    }


@pytest.mark.parametrize(
    ("path", "scope"),
    [("", ""), ("/openai/v1", ""), ("/openai/v1", "https://ai.azure.com/.default")],
)
def test_the_signed_in_identity_is_used_and_its_token_kept(
    standin: StandIn, path: str, scope: str
) -> None:
    tag = f"identity-{len(path)}-{len(scope)}"
    more = {"AZURE_OPENAI_ENDPOINT": standin.url + path, "AZURE_OPENAI_SCOPE": scope}
    with (
        identity_endpoint(standin.token) as (endpoint, asked),
        AppProcess(settings(standin, endpoint) | more) as server,
    ):
        for _ in range(3):
            events = server.events(f"standin:answer tokens=2 tag={tag}")
            assert text_of(events) == "tok0 tok1"
    assert len(asked) == 1
    resource = "ai.azure.com" if scope else "cognitiveservices.azure.com"
    assert resource in asked[0]
    assert len(standin.requests(tag)) == 3
    for request in standin.requests(tag):
        assert request["headers"]["authorization"] == [f"Bearer {standin.token}"]
        assert "api-key" not in request["headers"]


@pytest.mark.parametrize("chain", ["chat", "docs"])
def test_a_token_is_there_before_the_first_request(
    standin: StandIn, chain: str
) -> None:
    with (
        identity_endpoint(standin.token) as (endpoint, asked),
        AppProcess({**settings(standin, endpoint), "CHAT_CHAIN": chain}) as server,
    ):
        until(lambda: len(asked) == 1)
        events = server.events("standin:answer tokens=2", chain="chat")
        assert text_of(events) == "tok0 tok1"
    assert len(asked) == 1


def test_where_every_backend_has_a_key_no_token_is_asked_for(standin: StandIn) -> None:
    with (
        identity_endpoint(standin.token) as (endpoint, asked),
        AppProcess(
            {**settings(standin, endpoint), "AZURE_OPENAI_API_KEY": standin.key}
        ) as server,
    ):
        assert text_of(server.events("standin:answer tokens=2")) == "tok0 tok1"
    assert asked == []


def test_a_token_that_expires_is_renewed_once_and_not_once_a_request(
    standin: StandIn,
) -> None:
    seconds = 3
    with (
        identity_endpoint(standin.token, first_seconds=seconds) as (endpoint, asked),
        AppProcess(settings(standin, endpoint)) as server,
        ThreadPoolExecutor(10) as callers,
    ):

        def ask(_: int) -> str:
            return text_of(server.events("standin:answer tokens=2"))

        assert set(callers.map(ask, range(20))) == {"tok0 tok1"}
        expired = time() + seconds
        until(lambda: time() > expired)
        assert set(callers.map(ask, range(20))) == {"tok0 tok1"}
    assert len(asked) == 2


def test_a_backend_without_a_key_is_asked_with_the_identity(standin: StandIn) -> None:
    keyed = {"endpoint": standin.url, "deployment": "two", "api_key": standin.key}
    backends = [
        {"endpoint": standin.url, "deployment": "one"},
        {**keyed, "priority": 2},
    ]
    for token, deployment in ((standin.token, "one"), (None, "two")):
        with (
            identity_endpoint(token) as (endpoint, _),
            AppProcess(
                {
                    "AZURE_OPENAI_BACKENDS": json.dumps(backends),
                    "IDENTITY_ENDPOINT": endpoint,
                    "IDENTITY_HEADER": "header",
                }
            ) as server,
        ):
            events = server.events("standin:answer tokens=2")
            assert text_of(events) == "tok0 tok1"
            assert events[-1][1]["deployment"] == deployment


def test_an_identity_that_cannot_sign_in_is_502_upstream_auth(
    standin: StandIn,
) -> None:
    with (
        identity_endpoint(None) as (endpoint, _),
        # The status waits for what is imported with the first request.
        AppProcess(
            {**settings(standin, endpoint), "FIRST_TOKEN_PEEK_SECONDS": "20"}
        ) as server,
    ):
        response = server.chat("standin:answer")
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (502, "upstream_auth")
        assert "no-identity" not in response.text
