"""Settings that are JSON: lists and objects, whose fields have names."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


class JsonObject(BaseModel):
    """An object within a setting's JSON, whose fields are all known."""

    model_config = ConfigDict(
        frozen=True, hide_input_in_errors=True, str_strip_whitespace=True
    )

    @model_validator(mode="before")
    @classmethod
    def _of_known_fields(cls, given: object) -> object:
        known = cls.model_fields
        for name in given if isinstance(given, Mapping) else ():
            if name not in known:
                raise ValueError(
                    f"{name[:100]!r} is unknown, expected one of {', '.join(known)}"
                )
        return given


def json_object(of: str) -> BeforeValidator:
    """Reads the text of a JSON object; the error says that it should be *of* these."""
    return BeforeValidator(partial(_read, expected="object", of=of, kind=dict))


def json_list(of: str) -> BeforeValidator:
    """Reads the text of a JSON list that is not empty; the error is as of an object."""
    return BeforeValidator(partial(_read, expected="list", of=of, kind=list))


def _read(
    value: object,
    *,
    expected: str,
    of: str,
    kind: type[dict[str, object] | list[object]],
) -> object:
    """Its fractions are decimal: 0.1 is one tenth."""
    if not isinstance(value, str):
        return value
    try:
        read: object = json.loads(
            value, parse_float=Decimal, object_pairs_hook=_of_pairs
        )
    except json.JSONDecodeError as exc:
        # Not its text, which may have a key, or somebody's name.
        where = f"{exc.msg} at line {exc.lineno} column {exc.colno}"
        raise ValueError(f"expected a JSON {expected}: {where}") from None
    if not isinstance(read, kind) or read == []:
        raise ValueError(f"expected a JSON {expected} of {of}")
    return read


def _of_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object that has no name twice: which of the two counts?"""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice[:100]!r} is there twice")
    return made
