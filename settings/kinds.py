"""The types of settings, each of which checks its value."""

import re
from functools import partial
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from settings import keys, names

_REGION = re.compile(r"[\x20-\x7e]{1,100}")
# What a header may hold, less the space.
_KEY = re.compile(r"[\x21-\x7e]+")
# A name, of whatever letters, or an address.
_URLS_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?|[\da-f.]*:[\da-f:.]*(?:%[\w-]+)?")
_OPERATIONS = ("/completions", "/responses", "/embeddings", "/models")


def stripped(value: object) -> object:
    """Remove the line end that a secret's file often has."""
    return value.strip() if isinstance(value, str) else value


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _key(value: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(value.get_secret_value()):
        raise ValueError("expected a key: printable ASCII, no white space inside")
    return value


def _deployment_name(value: str) -> str:
    """Return *value*, or raise `ValueError` if it can be no deployment's name."""
    if not names.DEPLOYMENT.fullmatch(value):
        raise ValueError(
            "expected a deployment's name: letters, digits, '.', '_' and '-', "
            "64 at most"
        )
    return value


def _version(value: str) -> str:
    if not names.API_VERSION.fullmatch(value):
        raise ValueError("expected a date such as 2024-10-21")
    return value


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError("expected a region such as Sweden Central")
    return value


def _http_url(value: str, *, example: str) -> str:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        good = good and bool(_URLS_HOST.fullmatch(parts.hostname or ""))
        good = good and not re.search(r"[\s\x00-\x1f\x7f]", value)
    except ValueError:  # Its text has a part of the URL.
        good = False
    if not good:
        raise ValueError(f"expected a URL such as {example}")
    return value.rstrip("/")


def _scope(value: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise ValueError("expected a scope such as https://ai.azure.com/.default")
    return value


def _azure_endpoint(value: str) -> str:
    """Return *value*, or raise `ValueError` if it is more than a resource's address.

    What a portal shows to copy has the path of one operation, and its query.
    """
    parts = urlsplit(value)
    path = parts.path.rstrip("/")
    if not (_is_address(value) and (not path or path.lower().endswith(names.V1))):
        raise ValueError(
            "expected the address alone, such as https://name.openai.azure.com, or "
            "that with /openai/v1: leave out the path, and what follows it"
        )
    if not path:
        return value.rstrip("/")
    return value.rstrip("/")[: -len(names.V1)] + names.V1


def _base_url(value: str) -> str:
    """Return *value*, or raise `ValueError` if it is the address of one operation."""
    if not _is_address(value) or value.lower().endswith(_OPERATIONS):
        raise ValueError(
            "expected the address that operations are below, such as "
            "https://api.openai.com/v1: leave out what follows it"
        )
    return value


def _is_address(value: str) -> bool:
    """Whether *value* has neither a query, nor what is not masked: a password."""
    return not (set("?#") & set(value) or "@" in urlsplit(value).netloc)


ApiKey = Annotated[SecretStr, BeforeValidator(stripped), AfterValidator(_key)]
Deployment = Annotated[str, AfterValidator(_deployment_name)]
Version = Annotated[str, AfterValidator(_version)]
Region = Annotated[str, AfterValidator(_region)]
BaseUrl = Annotated[
    str,
    AfterValidator(partial(_http_url, example="https://api.openai.com/v1")),
    AfterValidator(_base_url),
]
AzureEndpoint = Annotated[
    str,
    AfterValidator(partial(_http_url, example="https://name.openai.azure.com")),
    AfterValidator(_azure_endpoint),
]
CollectorUrl = Annotated[
    str, AfterValidator(partial(_http_url, example="http://127.0.0.1:4318"))
]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Scope = Annotated[str, AfterValidator(_scope)]
AzureApi = Annotated[Literal["chat", "responses"], BeforeValidator(_lowered)]
Count = Annotated[int, Field(ge=1)]
AuthLevel = Annotated[
    Literal["anonymous", "function", "admin"], BeforeValidator(_lowered)
]
CallerSystemPrompt = Annotated[
    Literal["append", "refuse", "replace"], BeforeValidator(_lowered)
]


def _entries(value: object) -> list[object]:
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",")]
    return list(value) if isinstance(value, list | tuple) else [value]


def _names(value: object) -> list[object]:
    return [name for name in _entries(value) if name]


def _split(value: object) -> list[object]:
    entries = _entries(value)
    if not all(entries):
        raise ValueError("an entry between the commas is blank")
    if not all(entry.isprintable() for entry in entries if isinstance(entry, str)):
        raise ValueError("an entry has a line end or another control character")
    return entries


def _readable(entries: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    keys.read(entries)
    return entries


def _chains(value: object) -> object:
    if not isinstance(value, str):
        return value
    chains = {}
    for entry in filter(None, (part.strip() for part in value.split(","))):
        name, _, target = (part.strip() for part in entry.partition("="))
        module, _, attribute = (part.strip() for part in target.partition(":"))
        if not (name and module and attribute):
            raise ValueError(f"expected name=module:attribute, got {entry!r}")
        if name in chains:
            raise ValueError(f"{name!r} is there twice")
        chains[name] = f"{module}:{attribute}"
    return chains


Deployments = Annotated[tuple[Deployment, ...], NoDecode, BeforeValidator(_names)]
Keys = Annotated[
    tuple[SecretStr, ...],
    NoDecode,
    BeforeValidator(_split),
    AfterValidator(_readable),
]
ChainTargets = Annotated[dict[str, str], NoDecode, BeforeValidator(_chains)]


# See: https://learn.microsoft.com/azure/event-hubs/event-hubs-features#namespace
_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

_HUB = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,255}")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("expected a host such as NAME.servicebus.windows.net")
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
