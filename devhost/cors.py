"""Cross-origin requests, answered as Core Tools does."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

HeaderPairs = list[tuple[bytes, bytes]]

_LOOPBACK = re.compile(r"https?://(localhost|127\.0\.0\.1)(:\d+)?")
_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@dataclass(frozen=True, slots=True)
class Cors:
    """The origins that may call; `origins` None means those of this machine."""

    origins: frozenset[str] | None = None
    credentials: bool = False

    def allows(self, origin: bytes) -> bool:
        name = origin.decode("latin-1").lower()
        if self.origins is None:
            return _LOOPBACK.fullmatch(name) is not None
        return "*" in self.origins or name in self.origins

    def preflight(self, origin: bytes, asked_headers: bytes | None) -> HeaderPairs:
        headers = self._allow(origin)
        headers.append((b"access-control-allow-methods", _METHODS))
        if asked_headers:
            headers.append((b"access-control-allow-headers", asked_headers))
        headers.append((b"access-control-max-age", b"600"))
        return headers

    def expose(
        self, origin: bytes, response: Iterable[tuple[bytes, bytes]]
    ) -> HeaderPairs:
        """*response*'s headers, plus those that let an allowed origin read them all."""
        headers = list(response)
        names = {name.lower(): name for name, _ in headers}
        if b"access-control-allow-origin" in names:
            return headers  # The function does its own.
        # Named one by one: `*` does not work with credentials.
        exposed = b", ".join(sorted(names))
        headers += self._allow(origin)
        headers.append((b"access-control-expose-headers", exposed))
        return headers

    def _allow(self, origin: bytes) -> HeaderPairs:
        headers = [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        if self.credentials:
            headers.append((b"access-control-allow-credentials", b"true"))
        return headers
