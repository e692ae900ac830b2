"""The kinds of values that settings have: each checks what it is given."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


def _http_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # Its text has a part of the URL.
        good = False
    if not good:
        raise ValueError("expected a URL such as https://name.openai.azure.com")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_http_url)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
AuthLevel = Literal["anonymous", "function", "admin"]


def _entries(value: Any) -> Any:
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",")]
    return value


def _names(value: Any) -> Any:
    return [name for name in _entries(value) if name]


def _keys(value: Any) -> Any:
    keys = _entries(value)
    if not all(keys):
        raise ValueError("an entry between the commas is blank")
    return keys


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Keys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_keys)]


# See: https://learn.microsoft.com/azure/event-hubs/event-hubs-features#namespace
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

_HUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,255}")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("expected a host such as NAME.servicebus.windows.net")
    return value


def parts(connection_string: SecretStr | None) -> dict[str, str]:
    """What a connection string says, `NAME=VALUE` by `NAME=VALUE`."""
    text = connection_string.get_secret_value() if connection_string else ""
    pairs = (part.strip().partition("=") for part in text.split(";"))
    return {name: value for name, _, value in pairs if value}


def _connection_string(value: SecretStr) -> SecretStr:
    given = parts(value).keys()
    needed = {"Endpoint", "SharedAccessKeyName", "SharedAccessKey"}
    if "SharedAccessSignature" in given:
        needed = {"Endpoint"}
    if missing := sorted(needed - given):
        raise ValueError(
            f"{', '.join(missing)} is missing, expected Endpoint=sb://"
            "NAME.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…"
        )
    return value


def _hub(value: str) -> str:
    if not _HUB.fullmatch(value):
        raise ValueError("expected the name of an event hub, such as telemetry")
    return value


def _protocol(value: str) -> str:
    if value != "http/protobuf":
        raise ValueError(
            "expected 'http/protobuf', at a collector's port 4318: "
            "no exporter for any other protocol is installed"
        )
    return value


HubName = Annotated[str, AfterValidator(_hub)]
Exporter = Literal["otlp", "console", "none"]
Protocol = Annotated[str, AfterValidator(_protocol)]
Host = Annotated[str, AfterValidator(_host)]
ConnectionString = Annotated[SecretStr, AfterValidator(_connection_string)]
