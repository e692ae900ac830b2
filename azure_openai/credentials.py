"""Who this server is to the upstream: an API key, an Entra ID identity, or nobody."""

import logging
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from urllib.parse import urlsplit

from pydantic import SecretStr

from azure_openai.identity import OwnIdentity
from settings import Settings
from settings.backends import Backend
from streaming.upstream_errors import UpstreamAuth

log = logging.getLogger(__name__)

SCOPE = "https://cognitiveservices.azure.{cloud}/.default"

CLOUDS: Mapping[str, str | None] = {
    "com": None,
    "us": "login.microsoftonline.us",
    "cn": "login.chinacloudapi.cn",
}
"""Who signs in to each cloud, by the last label of its hosts' names; `None` leaves that
to azure-identity."""

_OF_A_CLOUD = re.compile(r"\.azure(?:-api)?\.(us|cn)\.?$")

HEADERS = ("api-key", "authorization")
"""Headers that hold a credential: the caller's and the SDK's are removed."""

TokenProvider = Callable[[], Awaitable[str]]


class Credential:
    def __init__(
        self,
        *,
        api_key: SecretStr | None = None,
        bearer: SecretStr | TokenProvider | None = None,
    ) -> None:
        self._api_key, self._bearer = api_key, bearer

    async def headers(self) -> Mapping[str, str]:
        """The headers of the next request; `UpstreamAuth` if signing in fails."""
        if self._api_key is not None:
            return {"api-key": self._api_key.get_secret_value()}
        if self._bearer is None:
            return {}
        if isinstance(self._bearer, SecretStr):
            token = self._bearer.get_secret_value()
        else:
            token = await self._signed_in(self._bearer)
        return {"authorization": f"Bearer {token}"}

    async def _signed_in(self, identity: TokenProvider) -> str:
        try:
            return await identity()
        except Exception as exc:  # Of whatever library the identity comes from.
            log.error("no credential for the upstream: %s", type(exc).__name__)
            message = "This server could not sign in to the model's provider."
            raise UpstreamAuth(message) from exc


def build(settings: Settings, backend: Backend) -> Credential:
    """*backend*'s key; for Azure OpenAI without one, the signed-in identity.

    Blocks while that is imported.
    """
    if not settings.azure:
        return Credential(bearer=backend.api_key)
    if backend.api_key:
        return Credential(api_key=backend.api_key)
    with _signing_in:
        return Credential(bearer=_identity(*token_of(settings, backend)))


def warm(settings: Settings) -> None:
    """Sign in before the first request, if it would have to wait for that.

    Blocks as `build` does. A failure is logged; the first request gets the error.
    """
    if not settings.azure:
        return
    without = [each for each in settings.backends if not each.api_key]
    try:
        with _signing_in:
            for wanted in {token_of(settings, backend) for backend in without}:
                _identity(*wanted).start()
    except Exception as exc:
        log.warning("no credential for the upstream: %s", type(exc).__name__)


_signing_in = threading.Lock()


def token_of(settings: Settings, backend: Backend) -> tuple[str, str | None]:
    """The scope of the token that *backend* takes, and who issues it."""
    scope = settings.azure_openai_scope
    found = _OF_A_CLOUD.search(
        urlsplit(scope).hostname or "" if scope else backend.host
    )
    cloud = found[1] if found else "com"
    return scope or SCOPE.format(cloud=cloud), CLOUDS[cloud]


@cache
def _identity(scope: str, authority: str | None) -> OwnIdentity:
    """The signed-in identity; all calls share it, and the token it keeps."""
    # A key needs none of this, and importing it takes a quarter of a second.
    from azure.identity.aio import DefaultAzureCredential

    # The environment may name an authority, but not a `None`.
    named = {"authority": authority} if authority else {}
    credential = DefaultAzureCredential(**named)
    return OwnIdentity(partial(credential.get_token_info, scope))
