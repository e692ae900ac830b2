"""API keys, and the users whom the platform has signed in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, Protocol

from pydantic import SecretStr
from starlette.requests import Request

from streaming.errors import Unauthorized

BEARER = "bearer "
HEADERS = ("api-key", "x-api-key", "x-functions-key")
ADMIN = "admin"
"""Whoever has the key of this name sees what everyone's runs used."""

PLATFORM_ID = "x-ms-client-principal-id"


class Key(Protocol):
    @property
    def name(self) -> str | None: ...

    @property
    def key(self) -> SecretStr: ...

    @property
    def principal(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: *principal* for people to read, *owner* for what belongs to them.

    All callers of whom nothing is known are one owner.
    """

    principal: str | None
    owner: str

    @property
    def is_admin(self) -> bool:
        return self.owner == _owner("name", ADMIN)


class Callers:
    """Checks keys; any of *keys* is enough, and without any everyone may call.

    The platform's header names the user only if the platform signs users in
    (*signed_in*): otherwise the caller could write that header.
    """

    def __init__(self, keys: Sequence[Key], *, signed_in: bool) -> None:
        self._keys = [(each.key.get_secret_value().encode(), each) for each in keys]
        self._signed_in = signed_in

    def find(self, request: Request) -> Caller:
        """The caller; raises `Unauthorized` without a key."""
        found = self._key(request)
        if self._keys and found is None:
            raise Unauthorized()
        if self._signed_in and (name := request.headers.get(PLATFORM_ID)):
            return Caller(name, _owner("user", name))
        if found is None:
            return Caller(None, _owner("", ""))
        key, named = found
        if named.name is not None:
            return Caller(named.principal, _owner("name", named.name))
        return Caller(named.principal, _owner("key", sha256(key).hexdigest()))

    def holds_key(self, request: Request) -> bool:
        return self._key(request) is not None

    def _key(self, request: Request) -> tuple[bytes, Key] | None:
        found = None
        for given in _given(request):
            for key, named in self._keys:  # All: how long it takes tells nothing.
                if compare_digest(given, key):
                    found = (key, named)
        return found


@lru_cache
def _owner(kind: Literal["user", "name", "key", ""], identity: str) -> str:
    """A user cannot own what is a key's, whatever the user's id is."""
    return sha256(f"{kind}\0{identity}".encode("utf-8", "surrogatepass")).hexdigest()


def _given(request: Request) -> Iterator[bytes]:
    for name in HEADERS:
        for value in request.headers.getlist(name):
            yield value.encode("latin-1")
    for value in request.headers.getlist("authorization"):
        if value.lower().startswith(BEARER):
            yield value[len(BEARER) :].strip().encode("latin-1")
    for value in request.query_params.getlist("code"):
        yield value.encode("utf-8", "surrogatepass")
