"""Several upstreams instead of one: `AZURE_OPENAI_BACKENDS`."""

import json
from functools import cached_property
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic_settings import NoDecode

from settings import names
from settings.kinds import ApiKey, Region, Url, azure_endpoint, deployment_name


class Backend(BaseModel):
    """One upstream: a deployment at an endpoint.

    The lowest `priority` is called first; `weight` shares the load within one. Without
    an `api_key`, calls have the signed-in identity.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    endpoint: Url
    deployment: Annotated[str, Field(min_length=1)]
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


def _json_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        entries = json.loads(value)
    except json.JSONDecodeError as exc:
        # Not its text, which may hold a key.
        where = f"{exc.msg} at line {exc.lineno} column {exc.colno}"
        raise ValueError(f"expected a JSON list of objects: {where}") from None
    if not isinstance(entries, list) or not entries:
        raise ValueError("expected a JSON list of one object or more")
    return entries


def _distinct(backends: tuple[Backend, ...]) -> tuple[Backend, ...]:
    seen: dict[tuple[str, str], int] = {}
    for index, backend in enumerate(backends):
        first = seen.setdefault((backend.endpoint, backend.deployment), index)
        if first != index:
            raise ValueError(
                f"{index} is the same endpoint and deployment as {first}: leave one"
            )
    return backends


def _on_azure(backend: Backend) -> Backend:
    deployment_name(backend.deployment)
    return backend.model_copy(update={"endpoint": azure_endpoint(backend.endpoint)})


BackendList = Annotated[
    tuple[Annotated[Backend, AfterValidator(_on_azure)], ...],
    NoDecode,
    BeforeValidator(_json_list),
    AfterValidator(_distinct),
]
