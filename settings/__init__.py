"""Every setting, read once. Nothing else reads the environment."""

from pydantic_settings import SettingsConfigDict

from settings.access import AccessSettings
from settings.budgets import BudgetSettings
from settings.environment import Environment, SettingsError, read
from settings.event_hubs import EventHubSettings
from settings.limits import LimitSettings
from settings.model import ModelSettings
from settings.opentelemetry import OpenTelemetrySettings
from settings.prices import PriceSettings
from settings.store import StoreSettings

__all__ = ["VERSION", "Settings", "SettingsError", "load"]

VERSION = "0.2.0"
"""The version of this project; CHANGELOG has what changed."""


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
    Environment,
):
    """The settings in the table of docs/settings.md, validated; blank means unset."""

    model_config = SettingsConfigDict(populate_by_name=True)


def load() -> Settings:
    """Read the environment; raise `SettingsError` naming each setting that is wrong."""
    return read(Settings)
