"""The model that answers, and the chains that call it."""

from typing import Self

from pydantic import AliasChoices, BaseModel, Field, model_validator

from settings import providers
from settings.backends import Backend, BackendList
from settings.kinds import (
    ApiKey,
    AzureApi,
    AzureEndpoint,
    BaseUrl,
    CallerSystemPrompt,
    ChainTargets,
    Deployment,
    Deployments,
    Region,
    Scope,
    Seconds,
    Version,
)


class ModelSettings(BaseModel):
    azure_openai_endpoint: AzureEndpoint | None = Field(
        None,
        validation_alias=AliasChoices(
            "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "OpenAIEndpoint"
        ),
    )
    azure_openai_api_key: ApiKey | None = Field(
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
    azure_openai_api: AzureApi = "chat"
    azure_openai_allowed_deployments: Deployments = Field(default_factory=tuple)
    azure_openai_scope: Scope | None = None
    azure_openai_region: Region | None = None
    azure_openai_backends: BackendList = Field(default_factory=tuple)
    backend_timeout_seconds: Seconds = 20

    openai_base_url: BaseUrl | None = None
    openai_api_key: ApiKey | None = None
    openai_model: str | None = None

    chat_chain: str | None = None
    chains: ChainTargets = Field(default_factory=dict)
    docs_path: str | None = None
    system_prompt: str = "You are a helpful assistant."
    caller_system_prompt: CallerSystemPrompt = "append"

    @model_validator(mode="after")
    def _one_provider_whole(self) -> Self:
        providers.check(self)
        return self

    @property
    def model_configured(self) -> bool:
        several = self.azure_openai_backends
        return bool(several or self.azure_openai_endpoint or self.openai_base_url)

    @property
    def azure(self) -> bool:
        """Whether the backends speak Azure OpenAI's API, not OpenAI's."""
        return self.openai_base_url is None

    @property
    def backends(self) -> tuple[Backend, ...]:
        """`AZURE_OPENAI_BACKENDS`, else the one endpoint there is."""
        return providers.backends(self)

    @property
    def default_chain(self) -> str:
        """`CHAT_CHAIN`, else `chat` if a model is configured, else `docs`."""
        return self.chat_chain or ("chat" if self.model_configured else "docs")

    @property
    def deployment(self) -> str | None:
        """The configured model, as its provider calls it; the first backend's."""
        if self.azure_openai_backends:
            return self.azure_openai_backends[0].deployment
        return self.azure_openai_deployment or self.openai_model

    @property
    def deployments(self) -> tuple[str, ...]:
        """The deployments open to proxied calls: by default the configured one."""
        default = (self.deployment,) if self.deployment else ()
        return self.azure_openai_allowed_deployments or default
