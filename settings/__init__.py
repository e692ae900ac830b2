"""Every setting, read once. Nothing else reads the environment."""

from collections.abc import Mapping

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from settings.access import AccessSettings
from settings.budgets import BudgetSettings
from settings.event_hubs import EventHubSettings
from settings.kinds import stripped
from settings.limits import LimitSettings
from settings.model import ModelSettings
from settings.opentelemetry import OpenTelemetrySettings
from settings.prices import PriceSettings
from settings.store import StoreSettings

__all__ = ["VERSION", "Settings", "SettingsError", "load"]

VERSION = "0.2.0"
"""The version of this project; CHANGELOG has what changed."""


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it. Raised at start."""


# The last group is checked first, and its fields come first.
class Settings(
    LimitSettings,
    StoreSettings,
    PriceSettings,
    BudgetSettings,
    AccessSettings,
    OpenTelemetrySettings,
    EventHubSettings,
    ModelSettings,
    BaseSettings,
):
    """The settings in the table of docs/settings.md, validated; blank means unset."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_white_space(cls, given: Mapping[str, object]) -> dict[str, object]:
        return {
            name: value
            for name, value in zip(given, map(stripped, given.values()), strict=True)
            # A blank one must neither let everybody in nor send records nowhere.
            if value != "" or name.lower().startswith(("api_keys", "azure_eventhub"))
        }


def load() -> Settings:
    """Read the environment; raise `SettingsError` naming each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as exc:
        errors = exc.errors(include_input=False)
        lines = (_explain(error["msg"], error["loc"]) for error in errors)
        raise SettingsError("; ".join(lines)) from None
    except ValueError as exc:
        raise SettingsError(str(exc)) from None


def _explain(message: str, location: tuple[int | str, ...]) -> str:
    message = message.removeprefix("Value error, ")
    first, *inner = (str(part) for part in location) if location else ("",)
    name = ".".join([first.upper(), *inner])
    return f"{name}: {message}" if name else message
