"""Who this server is to the upstream: an API key, an Entra ID identity, or nobody."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx2
from pydantic import SecretStr

from settings import Settings

ENTRA_SCOPE = "https://cognitiveservices.azure.com/.default"

TokenProvider = Callable[[], Awaitable[str]]


class Credential(httpx2.Auth):
    """Puts this server's credential, and no other, into each request.

    SDKs look for credentials in the environment by themselves; whatever they found is
    taken out again.
    """

    def __init__(
        self,
        *,
        api_key: SecretStr | None = None,
        bearer: SecretStr | TokenProvider | None = None,
    ) -> None:
        self._api_key, self._bearer = api_key, bearer

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        for name in ("api-key", "authorization"):
            request.headers.pop(name, None)
        if self._api_key is not None:
            request.headers["api-key"] = self._api_key.get_secret_value()
        elif isinstance(self._bearer, SecretStr):
            request.headers["authorization"] = (
                f"Bearer {self._bearer.get_secret_value()}"
            )
        elif self._bearer is not None:
            request.headers["authorization"] = f"Bearer {await self._bearer()}"
        yield request


def from_settings(settings: Settings) -> Credential:
    """The configured key; for Azure OpenAI without one, the signed-in identity."""
    if settings.openai_base_url:
        return Credential(bearer=settings.openai_api_key)
    if settings.azure_openai_api_key:
        return Credential(api_key=settings.azure_openai_api_key)
    # A key needs none of this, and importing it takes a quarter of a second.
    from azure.identity.aio import DefaultAzureCredential, get_bearer_token_provider

    return Credential(
        bearer=get_bearer_token_provider(DefaultAzureCredential(), ENTRA_SCOPE)
    )
