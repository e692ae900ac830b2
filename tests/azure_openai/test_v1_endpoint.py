"""`AZURE_OPENAI_ENDPOINT` may be that of the v1 API, which has neither versions nor
deployments in its paths."""

from typing import Any

import pytest
from pydantic import ValidationError

from azure_openai import credentials
from settings import Settings
from settings.backends import Backend
from tests.standin.process import StandIn
from tests.support.backend_pool import WAYS, PooledApp, asking, backend, text_of


def v1(standin: StandIn, deployment: str, **more: Any) -> Backend:
    return backend(standin, deployment, endpoint=f"{standin.url}/openai/v1/", **more)


def asked(standin: StandIn, tag: str) -> list[tuple[str, object, object]]:
    """What was asked for: its path, its model and its query."""
    found = standin.requests(tag)
    return [(each["path"], each["body"].get("model"), each["query"]) for each in found]


@pytest.mark.parametrize(("path", "stream"), WAYS)
async def test_the_deployment_is_the_model_and_there_is_no_version(
    standin: StandIn, path: str, stream: bool
) -> None:
    tag = f"v1-{path.replace('/', '')}-{stream}"
    pooled = PooledApp([v1(standin, "ptu")])
    async with pooled.served() as client:
        body = asking(path, f"answer tokens=2 tag={tag}", stream=stream)
        answer = await client.post(path, json=body)
        assert text_of(path, answer, stream=stream) == "tok0 tok1"
        run = await pooled.run()
    assert asked(standin, tag) == [("/openai/v1/chat/completions", "ptu", {})]
    assert run.deployment == "ptu"
    assert not run.usage.estimated


@pytest.mark.parametrize(("path", "stream"), WAYS)
@pytest.mark.parametrize("first", [True, False])
async def test_it_stands_beside_one_of_the_other_kind(
    standin: StandIn, path: str, stream: bool, first: bool
) -> None:
    tag = f"v1-beside-{path.replace('/', '')}-{stream}-{first}"
    kinds = (v1, backend) if first else (backend, v1)
    names = ("ptu", "payg")
    pooled = PooledApp(
        kind(standin, name, priority=number)
        for number, (kind, name) in enumerate(zip(kinds, names, strict=True))
    )
    async with pooled.served() as client:
        busy = asking(path, f"rate_limited only=ptu tag={tag}", stream=stream)
        answer = await client.post(path, json=busy)
        assert answer.status_code == 200
    paths = {path: model for path, model, _ in asked(standin, tag)}
    expected = "ptu" if first else "payg"
    assert paths.pop("/openai/v1/chat/completions") == expected
    [other] = paths
    assert other.startswith("/openai/deployments/")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://x.openai.azure.com/", "https://x.openai.azure.com"),
        (
            "https://x.openai.azure.com/openai/v1",
            "https://x.openai.azure.com/openai/v1",
        ),
        (
            "https://x.openai.azure.com/OpenAI/V1//",
            "https://x.openai.azure.com/openai/v1",
        ),
        (
            "https://gateway.example/ai/openai/v1",
            "https://gateway.example/ai/openai/v1",
        ),
    ],
)
def test_an_endpoint_is_an_address_and_perhaps_that_of_v1(
    value: str, expected: str
) -> None:
    settings = Settings(azure_openai_endpoint=value, azure_openai_deployment="d")
    assert [each.endpoint for each in settings.backends] == [expected]


@pytest.mark.parametrize(
    "value",
    [
        "https://x.openai.azure.com/openai",
        "https://x.openai.azure.com/openai/v1/chat/completions",
        "https://x.openai.azure.com/openai/v1?api-version=preview",
        "https://x.openai.azure.com/?code=secret-key",
        "https://x.openai.azure.com/#secret-key",
        "https://x.openai.azure.com?",
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
        "https://x.services.ai.azure.com/api/projects/p",
        "https://user:secret-key@x.openai.azure.com",
    ],
)
def test_what_was_pasted_with_more_is_refused_by_the_settings_name(value: str) -> None:
    entry = {"endpoint": value, "deployment": "d"}
    for name, given in (
        ("azure_openai_endpoint", {"azure_openai_endpoint": value}),
        ("azure_openai_backends", {"azure_openai_backends": (entry,)}),
    ):
        with pytest.raises(ValidationError) as refused:
            Settings.model_validate({**given, "azure_openai_deployment": None})
        [error] = refused.value.errors()
        assert str(error["loc"][0]).lower() == name
        assert "leave out the path" in error["msg"]
        assert "secret-key" not in error["msg"]


@pytest.mark.parametrize(
    ("endpoint", "cloud", "authority"),
    [
        ("https://x.openai.azure.com", "com", None),
        ("https://x.openai.azure.us", "us", "login.microsoftonline.us"),
        ("https://x.openai.azure.us/openai/v1", "us", "login.microsoftonline.us"),
        ("https://X.OpenAI.Azure.CN", "cn", "login.chinacloudapi.cn"),
        ("https://x.cognitiveservices.azure.us", "us", "login.microsoftonline.us"),
        ("https://x.azure-api.us", "us", "login.microsoftonline.us"),
        ("https://x.openai.azure.us.", "us", "login.microsoftonline.us"),
        ("https://X.OPENAI.AZURE.US:443/", "us", "login.microsoftonline.us"),
        ("https://x.azure.us.example", "com", None),
        ("https://gateway.example", "com", None),
    ],
)
def test_the_tokens_scope_is_that_of_the_endpoints_cloud(
    endpoint: str, cloud: str, authority: str | None
) -> None:
    settings = Settings(azure_openai_endpoint=endpoint, azure_openai_deployment="d")
    [found] = settings.backends
    scope = f"https://cognitiveservices.azure.{cloud}/.default"
    assert credentials.token_of(settings, found) == (scope, authority)


@pytest.mark.parametrize(
    ("scope", "authority"),
    [
        ("https://ai.azure.com/.default", None),
        ("https://ai.azure.us/.default", "login.microsoftonline.us"),
        ("api://a-gateway/.default", None),
    ],
)
def test_a_scope_may_be_set(scope: str, authority: str | None) -> None:
    settings = Settings(
        azure_openai_endpoint="https://gateway.example",
        azure_openai_deployment="d",
        azure_openai_scope=scope,
    )
    assert credentials.token_of(settings, settings.backends[0]) == (scope, authority)
