"""Where this runs: environment variables that only Azure sets."""

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from settings import Settings
from settings.environment import Environment


def _is_true(value: object) -> bool:
    return str(value).lower() in ("true", "1")


class Platform(Environment):
    instance: str | None = Field(
        None,
        validation_alias=AliasChoices(
            "WEBSITE_INSTANCE_ID",
            "WEBSITE_POD_NAME",
            "WEBSITE_SITE_NAME",
            "CONTAINER_APP_REPLICA_NAME",
        ),
    )
    authenticates: Annotated[bool, BeforeValidator(_is_true)] = Field(
        False, validation_alias="WEBSITE_AUTH_ENABLED"
    )

    def is_developers(self, settings: Settings) -> bool:
        """Whether this is a developer's own machine.

        Azure may have been given its settings, `AZURE_FUNCTIONS_ENVIRONMENT` included.
        """
        return settings.local and self.instance is None

    def knows_nobody(self, settings: Settings) -> bool:
        """Whether, on Azure, all callers are one to this app."""
        known = settings.api_keys or self.authenticates
        return self.instance is not None and not known

    def open_to_anyone(self, settings: Settings) -> bool:
        return self.knows_nobody(settings) and settings.auth_level == "anonymous"
