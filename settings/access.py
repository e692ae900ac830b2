"""Which key a caller needs."""

from typing import Self

from pydantic import BaseModel, Field, model_validator

from settings import keys
from settings.keys import NamedKey
from settings.kinds import AuthLevel, Keys


class AccessSettings(BaseModel):
    http_auth_level: AuthLevel | None = None
    api_keys: Keys = Field(default_factory=tuple)
    azure_functions_environment: str | None = None
    pages: bool = True

    @model_validator(mode="after")
    def _one_kind_of_key(self) -> Self:
        if self.api_keys and self.http_auth_level not in (None, "anonymous"):
            raise ValueError(
                f"HTTP_AUTH_LEVEL: {self.http_auth_level!r} would ask for a function "
                "key beside one of API_KEYS, expected 'anonymous' or nothing"
            )
        return self

    @property
    def named_keys(self) -> tuple[NamedKey, ...]:
        return keys.read(self.api_keys)

    @property
    def auth_level(self) -> AuthLevel:
        """`HTTP_AUTH_LEVEL`, else `anonymous` if `API_KEYS` guards instead."""
        return self.http_auth_level or ("anonymous" if self.api_keys else "function")

    @property
    def local(self) -> bool:
        """Whether this is a local run, which no caller needs a key for."""
        return self.azure_functions_environment == "Development"
