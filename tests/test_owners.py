"""To whom threads and runs belong: a user, a key's name, a key, or everyone."""

from collections.abc import Mapping

import pytest
from pydantic import ValidationError
from starlette.requests import Request

from server.auth import Caller, Callers
from settings import Settings
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

KEYS = "web:caller-key-1, web:caller-key-2, billing:caller-key-3, caller-key-4"


def callers(keys: str | None, *, signed_in: bool = False) -> Callers:
    settings = Settings.model_validate({"api_keys": keys} if keys else {})
    return Callers(settings.named_keys, signed_in=signed_in)


def caller(found: Callers, **headers: str) -> Caller:
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": "http", "method": "GET", "query_string": b"", "headers": raw}
    return found.find(Request(scope))


def test_two_keys_of_one_name_are_one_owner() -> None:
    known = callers(KEYS)
    first = caller(known, api_key="caller-key-1")
    assert first == caller(known, x_api_key="caller-key-2")
    assert first.principal == "web"


def test_no_two_kinds_of_callers_are_one_owner() -> None:
    known, signed_in = callers(KEYS), callers(None, signed_in=True)
    unnamed = caller(known, api_key="caller-key-4")
    found: list[Caller] = [
        caller(known, api_key="caller-key-1"),
        caller(known, api_key="caller-key-3"),
        unnamed,
        caller(signed_in, x_ms_client_principal_id="web"),
        caller(signed_in, x_ms_client_principal_id=str(unnamed.principal)),
        caller(callers(None)),
    ]
    assert len({each.owner for each in found}) == len(found)
    assert {len(each.owner) for each in found} == {64}


def test_a_signed_in_user_beats_the_key() -> None:
    known = callers(KEYS, signed_in=True)
    headers: Mapping[str, str] = {"x_ms_client_principal_id": "them"}
    assert caller(known, api_key="caller-key-1", **headers).principal == "them"
    alone = caller(callers(None, signed_in=True), **headers)
    assert caller(known, api_key="caller-key-3", **headers) == alone


@pytest.mark.parametrize(
    ("entry", "name", "key"),
    [
        ("web:caller-key", "web", "caller-key"),
        ("a.b_c-1: caller-key", "a.b_c-1", "caller-key"),
        ("web:caller:key", "web", "caller:key"),
        ("caller-key", None, "caller-key"),
        ("é:caller-key", None, "é:caller-key"),
        (":caller-key", None, ":caller-key"),
        (f"{'x' * 65}:k", None, f"{'x' * 65}:k"),
    ],
)
def test_what_can_be_no_name_is_a_part_of_the_key(
    entry: str, name: str | None, key: str
) -> None:
    [named] = Settings.model_validate({"api_keys": entry}).named_keys
    assert (named.name, named.key.get_secret_value()) == (name, key)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("web:", "the entry of 'web' has no key"),
        ("web: ,x", "the entry of 'web' has no key"),
        ("web:same,billing:same", "'billing' has the key of another name"),
        ("same,web:same", "'web' has the key of another name"),
        ("web:same,same", "'web' has the key of another name"),
    ],
)
def test_a_key_that_is_blank_or_of_two_names_fails(keys: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Settings.model_validate({"api_keys": keys})


def test_the_record_has_the_keys_name(standin: StandIn) -> None:
    with AppProcess(azure(standin, API_KEYS=KEYS, CHAT_CHAIN="docs")) as server:
        headers = {"x-api-key": "caller-key-2", "x-request-id": "named-1"}
        server.client.post("/api/chat", json={"user": "hello"}, headers=headers)
        assert server.record("named-1")["principal"] == "web"


def test_an_app_on_azure_that_knows_nobody_warns_at_start() -> None:
    with AppProcess({"WEBSITE_INSTANCE_ID": "instance"}) as server:
        server.wait_for("WARNING app all callers share their threads and runs")
