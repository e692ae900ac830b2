"""Every setting, read once. Nothing else reads the environment."""

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AliasChoices,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from settings import _providers
from settings._connection_string import ConnectionString, parts
from settings._kinds import (
    AuthLevel,
    Count,
    Deployment,
    Deployments,
    Exporter,
    Host,
    HubName,
    Key,
    Keys,
    Protocol,
    Region,
    Seconds,
    Url,
    Version,
    stripped,
)
from settings.backends import Backend, Backends

VERSION = "0.1.0"
"""Of this project; CHANGELOG has what changed."""


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it. Raised at start."""


class Settings(BaseSettings):
    """What the table in docs/settings.md says, validated; blank means unset."""

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
    azure_openai_api_key: Key | None = Field(
        None, validation_alias=AliasChoices("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY")
    )
    azure_openai_deployment: Deployment | None = Field(
        None,
        validation_alias=AliasChoices(
            "AZURE_OPENAI_DEPLOYMENT",
            "AZURE_OPENAI_MODEL",
            "AZURE_OPENAI_CHAT_DEPLOYMENT",
            "OpenAIOptions__DeployName",
        ),
    )
    azure_openai_api_version: Version = Field(
        "2024-10-21",
        validation_alias=AliasChoices("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"),
    )
    azure_openai_allowed_deployments: Deployments = Field(default_factory=tuple)
    azure_openai_region: Region | None = None
    azure_openai_backends: Backends = Field(default_factory=tuple)
    backend_timeout_seconds: Seconds = 20

    openai_base_url: Url | None = None
    openai_api_key: Key | None = None
    openai_model: str | None = None

    chat_chain: str | None = None
    chains: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    docs_path: str | None = None
    system_prompt: str = "You are a helpful assistant."
    caller_system_prompt: Literal["append", "refuse", "replace"] = "append"

    azure_eventhub_conn_str: ConnectionString | None = None
    azure_eventhub_name: HubName | None = None
    azure_eventhub_namespace: Host | None = None
    telemetry_content: bool = True
    telemetry_path: str | None = None

    otel_sdk_disabled: bool = False
    otel_exporter_otlp_endpoint: Url | None = None
    otel_exporter_otlp_traces_endpoint: Url | None = None
    otel_exporter_otlp_metrics_endpoint: Url | None = None
    otel_exporter_otlp_protocol: Protocol = Field(
        "http/protobuf",
        validation_alias=AliasChoices(
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        ),
    )
    otel_traces_exporter: Exporter | None = None
    otel_metrics_exporter: Exporter | None = None
    python_applicationinsights_enable_telemetry: bool = Field(
        False,
        validation_alias=AliasChoices(
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", "PYTHON_ENABLE_OPENTELEMETRY"
        ),
    )

    http_auth_level: AuthLevel | None = None
    api_keys: Keys = Field(default_factory=tuple)
    azure_functions_environment: str | None = None

    max_request_bytes: Count = 4 * 1024 * 1024
    max_proxy_request_bytes: Count = 32 * 1024 * 1024
    max_messages: Count = 256
    max_concurrent_streams: Count = 512

    first_token_peek_seconds: Annotated[Seconds, Field(ge=0)] = 3
    keepalive_seconds: Seconds = 15
    body_timeout_seconds: Seconds = 30
    connect_timeout_seconds: Seconds = 5
    first_token_timeout_seconds: Seconds = 230
    stall_timeout_seconds: Seconds = 60
    request_deadline_seconds: Seconds = 280

    @model_validator(mode="before")
    @classmethod
    def _without_white_space(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in zip(given, map(stripped, given.values()), strict=True)
            # A blank one must neither let everybody in nor send records nowhere.
            if value != "" or name.lower().startswith(("api_keys", "azure_eventhub"))
        }

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
        _providers.check(self)
        return self

    @model_validator(mode="after")
    def _one_event_hub_whole(self) -> Self:
        in_string = parts(self.azure_eventhub_conn_str).get("EntityPath")
        name = self.azure_eventhub_name
        given = {
            "AZURE_EVENTHUB_CONN_STR": self.azure_eventhub_conn_str,
            "AZURE_EVENTHUB_NAMESPACE": self.azure_eventhub_namespace,
        }
        where = [setting for setting, value in given.items() if value]
        if len(where) == 2:
            raise ValueError(f"{where[0]} and {where[1]} exclude each other: unset one")
        if name and not where:
            raise ValueError(
                "AZURE_EVENTHUB_CONN_STR or AZURE_EVENTHUB_NAMESPACE is missing: "
                "AZURE_EVENTHUB_NAME needs one"
            )
        if where and not (name or in_string):
            raise ValueError(f"AZURE_EVENTHUB_NAME is missing: {where[0]} needs it")
        if name and in_string and name != in_string:
            raise ValueError(
                f"AZURE_EVENTHUB_NAME: {name!r}, but AZURE_EVENTHUB_CONN_STR has the "
                f"EntityPath {in_string!r}"
            )
        return self

    @property
    def event_hub(self) -> str | None:
        """The hub that records go to, if one does."""
        in_string = parts(self.azure_eventhub_conn_str).get("EntityPath")
        return self.azure_eventhub_name or in_string

    @property
    def otel_exporters(self) -> tuple[str | None, str | None]:
        """Those of spans and of metrics; `None` where these have nowhere to go."""
        everything = self.otel_exporter_otlp_endpoint
        each = (
            (self.otel_traces_exporter, self.otel_exporter_otlp_traces_endpoint),
            (self.otel_metrics_exporter, self.otel_exporter_otlp_metrics_endpoint),
        )
        traces, metrics = (
            None if name == "none" else name or ("otlp" if url or everything else None)
            for name, url in each
        )
        return traces, metrics

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
        several = self.azure_openai_backends
        return bool(several or self.azure_openai_endpoint or self.openai_base_url)

    @property
    def azure(self) -> bool:
        """Whether the backends speak Azure OpenAI's API, not OpenAI's."""
        return self.openai_base_url is None

    @property
    def backends(self) -> tuple[Backend, ...]:
        """Who may be asked: `AZURE_OPENAI_BACKENDS`, else the one endpoint there is."""
        return _providers.backends(self)

    @property
    def default_chain(self) -> str:
        """`CHAT_CHAIN`, else `chat` where a model is configured, else `docs`."""
        return self.chat_chain or ("chat" if self.model_configured else "docs")

    @property
    def deployment(self) -> str | None:
        """The configured model, as its provider calls it; the first backend's."""
        if self.azure_openai_backends:
            return self.azure_openai_backends[0].deployment
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
    first, *inner = (str(part) for part in error["loc"]) if error["loc"] else ("",)
    name = ".".join([first.upper(), *inner])
    return f"{name}: {message}" if name else message
