"""The connection string of Event Hubs, checked before its SDK reads it."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

SIGNATURE = "SharedAccessSignature"
NAMED_KEY = {"SharedAccessKeyName", "SharedAccessKey"}

_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def parts(connection_string: SecretStr | None) -> dict[str, str]:
    text = connection_string.get_secret_value() if connection_string else ""
    return {name: value for name, value in _pairs(text) if value}


def _pairs(text: str) -> list[tuple[str, str]]:
    split = (part.strip().partition("=") for part in text.split(";"))
    return [(name, value) for name, equals, value in split if name or equals]


def _checked(given: SecretStr) -> SecretStr:
    pairs = _pairs(given.get_secret_value())
    text = ";".join(f"{name}={value}" for name, value in pairs)
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("expected printable ASCII")
    names = [name.lower() for name, _ in pairs]
    for number, (name, value) in enumerate(pairs, 1):
        if not (name and value):
            raise ValueError(f"part {number} between the semicolons is not NAME=VALUE")
        if name.lower() in names[: number - 1]:
            raise ValueError(f"part {number} between the semicolons is there twice")
    found = dict(pairs)
    with_key = SIGNATURE not in found or not NAMED_KEY.isdisjoint(found)
    needed = {"Endpoint"} | (NAMED_KEY if with_key else set())
    if missing := sorted(needed - found.keys()):
        raise ValueError(f"{', '.join(missing)} is missing, {_EXPECTED}")
    if not _has_host(found["Endpoint"]):
        raise ValueError(f"Endpoint has no host, {_EXPECTED}")
    return SecretStr(text)


_EXPECTED = (
    "expected Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;"
    "SharedAccessKey=…"
)


def _has_host(endpoint: str) -> bool:
    try:
        url = urlsplit(endpoint)
        return bool(url.scheme and url.hostname and url.port != 0)
    except ValueError:  # Its text has a part of the URL.
        return False


ConnectionString = Annotated[SecretStr, AfterValidator(_checked)]
