"""The keys of `API_KEYS`, and their names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from pydantic import SecretStr

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key, and its name if it has one. Of one name there may be several keys."""

    name: str | None
    key: SecretStr

    @property
    def principal(self) -> str:
        """What records call whoever has it."""
        if self.name is not None:
            return self.name
        return f"key:{sha256(self.key.get_secret_value().encode()).hexdigest()[:8]}"


def read(entries: Iterable[SecretStr]) -> tuple[NamedKey, ...]:
    """Each entry is `key` or `name:key`; what can be no name is a part of the key.

    Raises `ValueError` for an entry without a key, and for a key with two names: who
    sends it would be either of them.
    """
    keys = tuple(map(_named, entries))
    names: dict[str, str | None] = {}
    for each in keys:
        key = each.key.get_secret_value()
        if not key:
            raise ValueError(f"the entry of {each.name!r} has no key")
        if names.setdefault(key, each.name) != each.name:
            raise ValueError(f"{each.name or names[key]!r} has the key of another name")
    return keys


def _named(entry: SecretStr) -> NamedKey:
    name, colon, key = entry.get_secret_value().partition(":")
    if colon and _NAME.fullmatch(name):
        return NamedKey(name, SecretStr(key.strip()))
    return NamedKey(None, entry)
