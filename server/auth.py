"""API keys, and the users whom the platform has signed in."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from hmac import compare_digest

from pydantic import SecretStr
from starlette.requests import Request

from streaming.errors import Unauthorized

BEARER = "bearer "
PLATFORM_ID = "x-ms-client-principal-id"


class Callers:
    """Checks keys; any of *keys* is enough, and without any everyone may call.

    The platform's header names the user only if the platform signs users in
    (*signed_in*): otherwise the caller could write that header.
    """

    def __init__(self, keys: Sequence[SecretStr], *, signed_in: bool) -> None:
        self._keys = [key.get_secret_value().encode() for key in keys]
        self._signed_in = signed_in

    def principal(self, request: Request) -> str | None:
        """The caller's name, if it is known; raises `Unauthorized` without a key."""
        key = self._key(request)
        if self._keys and key is None:
            raise Unauthorized()
        if self._signed_in and (name := request.headers.get(PLATFORM_ID)):
            return name
        return f"key:{sha256(key).hexdigest()[:8]}" if key else None

    def holds_key(self, request: Request) -> bool:
        return self._key(request) is not None

    def _key(self, request: Request) -> bytes | None:
        found = None
        for given in _given(request):
            for key in self._keys:  # All of them: how long it takes tells nothing.
                if compare_digest(given, key):
                    found = key
        return found


def _given(request: Request) -> Iterator[bytes]:
    for name in ("api-key", "x-functions-key"):
        for value in request.headers.getlist(name):
            yield value.encode("latin-1")
    for value in request.headers.getlist("authorization"):
        if value.lower().startswith(BEARER):
            yield value[len(BEARER) :].strip().encode("latin-1")
    for value in request.query_params.getlist("code"):
        yield value.encode("utf-8", "surrogatepass")
