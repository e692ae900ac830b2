"""Attributes as OpenTelemetry takes them, and what is measured with them."""

from collections.abc import Mapping

from telemetry.sinks.otel import names

MOST = 2**63 - 1
"""The largest integer of protobuf, and the largest value that is measured."""

MAX_TEXT = 1000
"""Characters of an attribute: a metric keeps the attributes of each of its series."""

Value = str | bool | int | float | list[str]
Attributes = dict[str, Value]
PossibleAttributes = Mapping[str, Value | None]

Measurement = tuple[names.Instrument, float, Attributes]


def server(backend: str | None) -> tuple[str | None, int | None]:
    """The host and the port of *backend*; older records have no port."""
    host, _, port = (backend or "").rpartition(":")
    if host and port.isascii() and port.isdigit():
        return host.strip("[]"), int(port)
    return backend, None


def attributes(possible: PossibleAttributes) -> Attributes:
    return {
        name: sendable(value) for name, value in possible.items() if value is not None
    }


def sendable(value: Value) -> Value:
    """Protobuf knows no half of a surrogate pair, and no integer of over 64 bits."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return [text(each) for each in value]
    if isinstance(value, bool | float):
        return value
    return max(-MOST, min(int(value), MOST))


def text(value: str) -> str:
    return value[:MAX_TEXT].encode("utf-8", "replace").decode()
