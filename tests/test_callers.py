"""Who may call: API keys, in each of the ways that callers have of giving one."""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

KEYS = "caller-key-one, caller-key-é"
PRINCIPAL = f"key:{sha256(b'caller-key-one').hexdigest()[:8]}"
EVERYONES = {"/api/health"}
PAGE = re.compile(r"/(chat|usage|client\.js|assets/.*)?")
"""The pages and what they load hold no data."""
OPENAI = re.compile(r"/openai/|/api/aoaifn|/api/chat/(openai|responses)")


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    """The app with API keys, called by a stranger."""
    chains = "strings=tests.support.example_chains:strings"
    with AppProcess(azure(standin, API_KEYS=KEYS, CHAINS=chains)) as server:
        yield server


def ask(server: AppProcess, **how: Any) -> httpx.Response:
    body = {"model": "strings", "messages": [{"role": "user", "content": "hello"}]}
    return server.client.post("/openai/v1/chat/completions", json=body, **how)


def test_every_route_wants_a_key_and_says_so_in_its_own_words(
    guarded: AppProcess,
) -> None:
    found = list(guarded.routes())
    assert len(found) > 15
    for method, template in found:
        path = template.replace("{dialect}", "openai").replace(
            "{deployment}", "strings"
        )
        response = guarded.client.request(method, path, headers={"api-key": "wrong"})
        if PAGE.fullmatch(path):
            assert response.status_code in (200, 307, 404), path
            continue
        if path in EVERYONES:
            assert response.status_code == 200
            continue
        assert response.status_code == 401, path
        if method == "HEAD":
            continue
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.headers["x-should-retry"] == "false"
        if "/ui-message/" in path:  # `useChat` shows the body as it is.
            assert response.text.startswith("An API key is needed"), path
            continue
        error = response.json()["error"]
        assert error["code"] == "unauthorized", path
        assert ("type" in error) is bool(OPENAI.search(path)), path


def test_a_stranger_is_not_told_which_dialects_there_are(guarded: AppProcess) -> None:
    assert guarded.client.post("/api/chat/nope").status_code == 401


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"api-key": "caller-key-one"}},
        {"headers": {"x-api-key": "caller-key-one"}},
        {"headers": {"authorization": "Bearer caller-key-one"}},
        {"headers": {"authorization": "bearer  caller-key-one"}},
        {"headers": {"x-functions-key": "caller-key-one"}},
        {"params": {"code": "caller-key-one"}},
        {"params": {"code": "caller-key-é"}},
        {"headers": {"api-key": "caller-key-é".encode()}},
        {"headers": {"api-key": "wrong"}, "params": {"code": "caller-key-one"}},
    ],
)
def test_each_way_of_giving_a_key_works(
    guarded: AppProcess, how: dict[str, Any]
) -> None:
    response = ask(guarded, **how)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"headers": {"api-key": ""}},
        {"headers": {"api-key": "caller-key-on"}},
        {"headers": {"api-key": "caller-key-one,"}},
        {"headers": {"api-key": KEYS.encode()}},
        {"headers": {"authorization": "caller-key-one"}},
        {"headers": {"authorization": "Basic caller-key-one"}},
        {"headers": {"cookie": "api-key=caller-key-one"}},
        {"params": {"code": ""}},
        {"params": {"api-key": "caller-key-one"}},
        {"params": {"code": "\ud800".encode("utf-8", "surrogatepass")}},
    ],
)
def test_nothing_else_does(guarded: AppProcess, how: dict[str, Any]) -> None:
    assert ask(guarded, **how).status_code == 401


def test_without_a_key_health_tells_only_its_status(guarded: AppProcess) -> None:
    assert guarded.client.get("/api/health").json() == {"status": "ok"}
    headers = {"authorization": "Bearer caller-key-one"}
    for path in ("/api/health", "/api/health/details"):
        told = guarded.client.get(path, headers=headers).json()
        assert told["chain"] == "chat"


def test_the_run_says_which_key_it_was_but_not_the_key(guarded: AppProcess) -> None:
    claimed = {"x-ms-client-principal-id": "somebody", "x-ms-client-principal": "e30="}
    headers = {"api-key": "caller-key-one", "x-request-id": "principal-1", **claimed}
    ask(guarded, headers=headers)
    assert guarded.record("principal-1")["principal"] == PRINCIPAL


def test_without_keys_nobody_is_known(app: AppProcess) -> None:
    claimed = {"x-ms-client-principal-id": "somebody", "x-request-id": "principal-2"}
    ask(app, headers={"api-key": "any", **claimed})
    assert app.record("principal-2")["principal"] is None


def test_whom_the_platform_has_signed_in_is_believed_only_where_it_does(
    standin: StandIn,
) -> None:
    settings = {
        "WEBSITE_INSTANCE_ID": "instance",
        "WEBSITE_AUTH_ENABLED": "True",
        "HTTP_AUTH_LEVEL": "anonymous",
        "CHAINS": "strings=tests.support.example_chains:strings",
    }
    with AppProcess(settings) as server:
        headers = {"x-ms-client-principal-id": "them", "x-request-id": "principal-3"}
        ask(server, headers=headers)
        assert server.record("principal-3")["principal"] == "them"
        assert not any("anyone may call" in line for line in server.lines)


def test_an_app_on_azure_that_anyone_may_call_warns_at_start() -> None:
    azures = {"WEBSITE_INSTANCE_ID": "instance", "HTTP_AUTH_LEVEL": "anonymous"}
    with AppProcess(azures) as server:
        server.wait_for("WARNING app anyone may call: set API_KEYS")


@pytest.mark.parametrize(
    "how",
    [
        {"headers": {"api-key": "caller-key-one"}},
        {"headers": {"authorization": "Bearer caller-key-one"}},
        {"headers": {"x-functions-key": "caller-key-one"}},
        {"params": {"code": "caller-key-one"}},
    ],
)
def test_no_key_goes_further_than_it_has_to(
    guarded: AppProcess, standin: StandIn, how: dict[str, Any]
) -> None:
    """The caller's does not reach upstream, nor this server's the caller."""
    tag = f"keys-{next(iter(next(iter(how.values()))))}"
    for target in ("chat", "gpt-4o"):
        asked = f"standin:answer tag={tag}"
        messages = [{"role": "user", "content": asked}]
        path = "/openai/v1/chat/completions"
        body = {"model": target, "messages": messages}
        response = guarded.client.post(path, json=body, **how)
        assert response.status_code == 200
        assert standin.key not in response.text + str(response.headers)
    for recorded in standin.requests(tag):
        assert "caller-key" not in str(recorded)
        assert recorded["headers"]["api-key"] == [standin.key]
    assert len(standin.requests(tag)) == 2
