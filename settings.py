"""Every setting, read once. Nothing else reads the environment."""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

VERSION = "0.1.0"
"""Of this project; CHANGELOG has what changed."""


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it. Raised at start."""


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected a URL such as https://name.openai.azure.com")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_http_url)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
AuthLevel = Literal["anonymous", "function", "admin"]


def _entries(value: Any) -> Any:
    if isinstance(value, str):
        return [entry.strip() for entry in value.split(",")]
    return value


def _names(value: Any) -> Any:
    return [name for name in _entries(value) if name]


def _keys(value: Any) -> Any:
    keys = _entries(value)
    if not all(keys):
        raise ValueError("an entry between the commas is blank")
    return keys


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]
Keys = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_keys)]


class Settings(BaseSettings):
    """What README's table of settings says, validated; blank means unset."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    azure_openai_endpoint: Url | None = Field(
        None,
        validation_alias=AliasChoices(
            "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "OpenAIEndpoint"
        ),
    )
    azure_openai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY")
    )
    azure_openai_deployment: str | None = Field(
        None,
        validation_alias=AliasChoices(
            "AZURE_OPENAI_DEPLOYMENT",
            "AZURE_OPENAI_MODEL",
            "AZURE_OPENAI_CHAT_DEPLOYMENT",
            "OpenAIOptions__DeployName",
        ),
    )
    azure_openai_api_version: str = Field(
        "2024-10-21",
        validation_alias=AliasChoices("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"),
    )
    azure_openai_allowed_deployments: Names = Field(default_factory=tuple)
    azure_openai_region: str | None = None

    openai_base_url: Url | None = None
    openai_api_key: SecretStr | None = None
    openai_model: str | None = None

    chat_chain: str | None = None
    chains: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    docs_path: str | None = None
    system_prompt: str = "You are a helpful assistant."
    caller_system_prompt: Literal["append", "refuse", "replace"] = "append"

    http_auth_level: AuthLevel | None = None
    api_keys: Keys = Field(default_factory=tuple)
    azure_functions_environment: str | None = None

    max_request_bytes: Count = 4 * 1024 * 1024
    max_proxy_request_bytes: Count = 32 * 1024 * 1024
    max_messages: Count = 256
    max_concurrent_streams: Count = 512

    first_token_peek_seconds: Annotated[Seconds, Field(ge=0)] = 3
    keepalive_seconds: Seconds = 15
    connect_timeout_seconds: Seconds = 5
    first_token_timeout_seconds: Seconds = 230
    stall_timeout_seconds: Seconds = 60
    request_deadline_seconds: Seconds = 280

    @field_validator("http_auth_level", "caller_system_prompt", mode="before")
    @classmethod
    def _any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("chains", mode="before")
    @classmethod
    def _name_module_attribute(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        chains = {}
        for entry in filter(None, (part.strip() for part in value.split(","))):
            name, equals, target = entry.partition("=")
            module, colon, attribute = target.partition(":")
            if not (name and equals and module and colon and attribute):
                raise ValueError(f"expected name=module:attribute, got {entry!r}")
            if name.strip() in chains:
                raise ValueError(f"{name.strip()!r} is there twice")
            chains[name.strip()] = target.strip()
        return chains

    @model_validator(mode="after")
    def _one_provider_whole(self) -> Self:
        azure = {
            "AZURE_OPENAI_ENDPOINT": self.azure_openai_endpoint,
            "AZURE_OPENAI_DEPLOYMENT": self.azure_openai_deployment,
        }
        openai = {
            "OPENAI_BASE_URL": self.openai_base_url,
            "OPENAI_MODEL": self.openai_model,
        }
        more_azure = self.azure_openai_api_key or self.azure_openai_allowed_deployments
        if self.openai_base_url and (any(azure.values()) or more_azure):
            raise ValueError(
                "OPENAI_BASE_URL and the AZURE_OPENAI_* settings exclude each other: "
                "unset one"
            )
        for group in (azure, openai):
            missing = [name for name, value in group.items() if not value]
            if len(missing) == 1:
                given = next(name for name in group if name not in missing)
                raise ValueError(f"{missing[0]} is missing: {given} needs it")
        if more_azure and not self.azure_openai_endpoint:
            name = "API_KEY" if self.azure_openai_api_key else "ALLOWED_DEPLOYMENTS"
            raise ValueError(
                f"AZURE_OPENAI_ENDPOINT is missing: AZURE_OPENAI_{name} needs it"
            )
        return self

    @model_validator(mode="after")
    def _one_kind_of_key(self) -> Self:
        if self.api_keys and self.http_auth_level not in (None, "anonymous"):
            raise ValueError(
                f"HTTP_AUTH_LEVEL: {self.http_auth_level!r} would ask for a function "
                "key beside one of API_KEYS, expected 'anonymous' or nothing"
            )
        return self

    @property
    def model_configured(self) -> bool:
        """Whether a language model can be called at all."""
        return bool(self.azure_openai_endpoint or self.openai_base_url)

    @property
    def default_chain(self) -> str:
        """`CHAT_CHAIN`, else `chat` where a model is configured, else `docs`."""
        return self.chat_chain or ("chat" if self.model_configured else "docs")

    @property
    def deployment(self) -> str | None:
        """The configured model, as its provider calls it."""
        return self.azure_openai_deployment or self.openai_model

    @property
    def deployments(self) -> tuple[str, ...]:
        """Those that a caller may be proxied to: the configured one by default."""
        default = (self.deployment,) if self.deployment else ()
        return self.azure_openai_allowed_deployments or default

    @property
    def auth_level(self) -> AuthLevel:
        """`HTTP_AUTH_LEVEL`, else `anonymous` where `API_KEYS` guards instead."""
        return self.http_auth_level or ("anonymous" if self.api_keys else "function")

    @property
    def local(self) -> bool:
        """Whether this is a local run that asks nobody for a key."""
        return self.azure_functions_environment == "Development"


def _is_true(value: Any) -> Any:
    return str(value).lower() in ("true", "1")


class Platform(BaseSettings):
    """What Azure says of where this runs; nobody else sets these."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    instance: str | None = Field(
        None,
        validation_alias=AliasChoices(
            "WEBSITE_INSTANCE_ID", "WEBSITE_POD_NAME", "WEBSITE_SITE_NAME"
        ),
    )
    authenticates: Annotated[bool, BeforeValidator(_is_true)] = Field(
        False, validation_alias="WEBSITE_AUTH_ENABLED"
    )

    def open_to_anyone(self, settings: Settings) -> bool:
        """Whether this is on Azure and nothing asks who calls."""
        guarded = settings.api_keys or self.authenticates
        return (
            self.instance is not None
            and settings.auth_level == "anonymous"
            and not guarded
        )


def load() -> Settings:
    """Read the environment; raise `SettingsError` naming each setting that is wrong."""
    try:
        return Settings()
    except ValidationError as exc:
        lines = (_explain(error) for error in exc.errors(include_input=False))
        raise SettingsError("; ".join(lines)) from None
    except ValueError as exc:
        raise SettingsError(str(exc)) from None


def _explain(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    name = ".".join(str(part) for part in error["loc"]).upper()
    return f"{name}: {message}" if name else message
