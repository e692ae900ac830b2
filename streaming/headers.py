"""The headers of every answer, and which headers can be sent at all."""

import re
from collections.abc import Iterable, Mapping

Raw = tuple[bytes, bytes]

SAFE: Mapping[str, str] = {"x-content-type-options": "nosniff"}

# See: https://owasp.org/www-project-secure-headers/
JSON: Mapping[str, str] = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    **SAFE,
}

PLAIN: Mapping[str, str] = {**JSON, "content-type": "text/plain; charset=utf-8"}

# See: https://www.rfc-editor.org/rfc/rfc9110.html#section-5
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e]*")


def is_sendable(value: str) -> bool:
    """Whether every server sends *value*, and every client reads it alike."""
    return _VALUE.fullmatch(value) is not None


def sendable(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """*headers* without those that cannot be sent.

    A server that gets such a header closes the connection before the answer's first
    byte.
    """
    return [
        # h11 takes no white space around a value.
        (name.lower(), value.strip(" \t"))
        for name, value in headers
        if _NAME.fullmatch(name) and is_sendable(value)
    ]


def raw(headers: Iterable[tuple[str, str]]) -> list[Raw]:
    return [(name.encode(), value.encode()) for name, value in sendable(headers)]
