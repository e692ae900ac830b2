"""A document's value as the properties of a table's entity.

See: https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

from collections.abc import Mapping

type Entity = dict[str, str | bytes | float]

PART_BYTES = 60_000
"""A property has 64 KiB at most."""

MAX_BYTES = 720_000
"""An entity has 1 MiB at most, and is sent in base64, in one piece."""


def size_fits(value: bytes) -> bool:
    return len(value) <= MAX_BYTES


def pack(value: bytes, blob: str | None) -> Entity:
    """The properties that hold *value*, or the name of the *blob* that does."""
    if blob is not None:
        return {"blob": blob}
    begins = range(0, len(value), PART_BYTES)
    return {f"v{at // PART_BYTES:02}": value[at : at + PART_BYTES] for at in begins}


def unpack(entity: Mapping[str, object]) -> bytes:
    parts = sorted(name for name in entity if name[0] == "v" and name[1:].isdigit())
    return b"".join(part for name in parts if isinstance(part := entity[name], bytes))


def expired(properties: Mapping[str, object], now: float) -> bool:
    """Whether *properties* say so; without a time they do not."""
    expires = properties.get("expires")
    return bool(expires) and float(str(expires)) <= now
