"""Who sees whose runs, whatever way a caller has of proving who it is."""

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from server.auth import Caller, Callers
from settings.keys import read
from telemetry.usage import Whose
from telemetry.usage.finished import Names, name

KEYS = ("web:first", "admin:second", "third", "fourth")


def caller(*, key: str | None = None, user: str | None = None) -> Caller:
    keys = read([SecretStr(each) for each in KEYS]) if key else ()
    given = {"api-key": key, "x-ms-client-principal-id": user}
    headers = [(k.encode(), v.encode()) for k, v in given.items() if v is not None]
    request = Request({"type": "http", "headers": headers, "query_string": b""})
    return Callers(keys, signed_in=user is not None).find(request)


def names_of(found: Caller) -> Names:
    return Names(name(found.principal), None, None, None, None, None)


CALLERS = {
    "a named key": caller(key="first"),
    "admin's key": caller(key="second"),
    "a key without a name": caller(key="third"),
    "another without a name": caller(key="fourth"),
    "a user": caller(user="5f9c"),
    "another user": caller(user="5f9d"),
    "a user called as a nameless key is shown": caller(
        user=str(caller(key="third").principal) + "0"
    ),
    "nobody": caller(),
}


@pytest.mark.parametrize("other", CALLERS)
@pytest.mark.parametrize("who", CALLERS)
def test_a_caller_sees_its_own_runs_and_admins_key_all(who: str, other: str) -> None:
    found = CALLERS[who]
    whose = Whose(found.principal, everyones=found.is_admin)
    seen = whose.has(names_of(CALLERS[other]))
    assert seen == (who == other or who == "admin's key")


def test_a_user_whose_id_is_a_keys_name_shares_its_sums_and_nothing_else() -> None:
    """As the page says: what is summed goes by the name that people read."""
    user, key = caller(user="web"), CALLERS["a named key"]
    assert Whose(user.principal).has(names_of(key))
    assert user.owner != key.owner


def test_a_user_called_admin_is_not_admin() -> None:
    assert not caller(user="admin").is_admin
