"""The environment, as settings are read from it, and what is said of a wrong one."""

import os
from collections.abc import Iterator, Mapping

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

_NEVER_BLANK = ("api_keys", "azure_eventhub")
"""A blank one must neither let everybody in nor send records nowhere."""

_WORDS = {
    "missing": "is missing",
    "model_type": "expected a JSON object",
    "bool_parsing": "expected true or false",
}
"""Our words for those of pydantic's that say nothing to a person who sets a setting."""

_UNSEEN = "by_name"
"""A field that pydantic names in the place of an error, and that no setting has."""


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it. Raised at start."""


class Environment(BaseSettings):
    """Settings without the white space around them; a blank one is unset.

    So of two names of a setting, a blank one does not hide the other.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        if isinstance(env_settings, EnvSettingsSource):
            env_settings.env_vars = _without_white_space(env_settings.env_vars)
        return (init_settings, env_settings)


def _without_white_space(given: Mapping[str, str | None]) -> dict[str, str | None]:
    """Remove the line end that a secret's file often has."""
    values = {name: (value or "").strip() for name, value in given.items()}
    return {
        name: value
        for name, value in values.items()
        if value or name.lower().startswith(_NEVER_BLANK)
    }


def read[Read: Environment](kind: type[Read]) -> Read:
    """Read the environment; raise `SettingsError` naming each setting that is wrong."""
    try:
        return kind()
    except ValidationError as exc:
        raise SettingsError("; ".join(_explained(exc, kind))) from None
    except ValueError as exc:
        raise SettingsError(str(exc)) from None


def _explained(wrong: ValidationError, kind: type[Environment]) -> Iterator[str]:
    for error in wrong.errors(include_input=False):
        first, *inner = (str(part) for part in error["loc"]) if error["loc"] else ("",)
        where = [_written(first, kind), *(part for part in inner if part != _UNSEEN)]
        words = _WORDS.get(error["type"], error["msg"].removeprefix("Value error, "))
        yield f"{'.'.join(where)}: {words}" if first else words


def _written(location: str, kind: type[Environment]) -> str:
    """The name of the setting at *location*, as the environment has it."""
    for names in map(names_of(kind).__getitem__, kind.model_fields):
        if location in names:
            return next(filter(_is_set, names), names[0])
    return location.upper()


def _is_set(name: str) -> bool:
    value = os.environ.get(name, "")
    return bool(value.strip())


def names_of(kind: type[Environment]) -> dict[str, list[str]]:
    """By its field, each setting's name, then its other names."""
    names = {}
    for field, info in kind.model_fields.items():
        alias = info.validation_alias or field.upper()
        choices = getattr(alias, "choices", [alias])
        names[field] = [str(choice) for choice in choices]
    return names
