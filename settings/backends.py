"""Several upstreams instead of one: `AZURE_OPENAI_BACKENDS`."""

from functools import cached_property
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import NoDecode

from settings import names
from settings.from_json import JsonObject, json_list
from settings.kinds import ApiKey, AzureEndpoint, Deployment, Region


class Backend(JsonObject):
    """One upstream: a deployment at an endpoint.

    The lowest `priority` is called first; `weight` shares the load within one. Without
    an `api_key`, calls have the signed-in identity.
    """

    endpoint: AzureEndpoint
    deployment: Deployment
    api_key: ApiKey | None = None
    region: Region | None = None
    priority: Annotated[int, Field(ge=0)] = 1
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).hostname or ""

    @property
    def v1(self) -> bool:
        """Whether the endpoint is that of Azure's v1 API."""
        return self.endpoint.endswith(names.V1)

    @property
    def resource(self) -> str:
        """The address that every path of an API begins with."""
        return self.endpoint.removesuffix(names.V1)

    @property
    def port(self) -> int:
        url = urlsplit(self.endpoint)
        return url.port or (443 if url.scheme == "https" else 80)

    @cached_property
    def address(self) -> str:
        """The backend's name in headers, records and logs: there may be two on a
        host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _distinct(backends: tuple[Backend, ...]) -> tuple[Backend, ...]:
    seen: dict[tuple[str, bool, str], int] = {}
    for index, backend in enumerate(backends):
        key = backend.address, backend.v1, backend.deployment
        first = seen.setdefault(key, index)
        if first != index:
            raise ValueError(
                f"{index} is the same endpoint and deployment as {first}: leave one"
            )
    return backends


BackendList = Annotated[
    tuple[Backend, ...],
    NoDecode,
    json_list("one object or more"),
    AfterValidator(_distinct),
]
