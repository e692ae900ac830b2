"""Where a backend is, and what is known of it."""

import asyncio
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from azure_openai import backends, credentials
from azure_openai.credentials import Credential
from azure_openai.refusals import REASONING, Refusals, usual_limit
from settings import Settings
from settings.backends import Backend


class Target:
    """Where a backend is, and what it takes; `refusals` has what it refused.

    `thinks` is whether its model reasons: by its name, or by what it has counted.
    """

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self._settings, self._backend = settings, backend
        self._base = backends.base_url(settings, backend)
        self._credential: Credential | None = None
        self._signing_in = asyncio.Lock()
        # Others than Azure are asked for whatever model a request names.
        self.deployment = backend.deployment if settings.azure else None
        self.proxy = _proxy(backend.endpoint)
        self.refusals = Refusals(usual_limit(settings, backend))
        self.thinks = backend.deployment.lower().startswith(REASONING)

    def url(self, path: str) -> str:
        """The address of *path*; with a slash before it, as seen from the resource."""
        if self._settings.azure and self._backend.v1:
            path = _without_version(path)
        if path.startswith("/"):
            return self._backend.resource + path
        return f"{self._base}/{path}"

    async def credential(self) -> Credential:
        if self._credential is not None:
            return self._credential
        async with self._signing_in:
            if self._credential is None:
                # For an identity it imports azure-identity, which takes its time.
                self._credential = await asyncio.to_thread(
                    credentials.build, self._settings, self._backend
                )
        return self._credential


def _without_version(path: str) -> str:
    """*path* without `api-version`, which the v1 API refuses."""
    path, _, query = path.partition("?")
    left = [each for each in query.split("&") if not each.startswith("api-version=")]
    return "?".join(filter(None, (path, "&".join(left))))


def _proxy(endpoint: str) -> str | None:
    """The proxy that the environment names for *endpoint*, as the SDK finds it.

    aiohttp would look for one at each call, and for credentials as well.
    """
    url = urlsplit(endpoint)
    proxies = getproxies()
    if proxy_bypass(url.netloc):
        return None
    found = proxies.get(url.scheme) or proxies.get("all")
    return f"http://{found}" if found and "://" not in found else found
