"""What is asked beside the routes: paths of none, methods of no route, HEAD."""

import openai
import pytest

from tests.support.app_process import AppProcess


@pytest.mark.parametrize("under", ["", "/api"])
@pytest.mark.parametrize(
    "path",
    ["v1/nothing", "v1", "", "deployments", "deployments/chat/audio/speech", "V1/x/"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_another_path_of_openais_is_404_in_its_shape(
    app: AppProcess, method: str, path: str, under: str
) -> None:
    response = app.client.request(method, f"{under}/openai/{path}")
    error = response.json()["error"]
    assert response.status_code == 404
    assert error.keys() == {"message", "type", "param", "code"}
    assert (error["type"], error["code"]) == ("invalid_request_error", "not_found")
    assert f"POST {under}/openai/v1/chat/completions" in error["message"]
    assert len(error["message"]) < 1000


def test_a_path_of_none_is_an_empty_404(app: AppProcess) -> None:
    for method, path in (("POST", "/api/nothing"), ("PUT", "/"), ("GET", "/x")):
        response = app.client.request(method, path)
        assert (response.status_code, response.content) == (404, b"")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/api/chat", "POST"),
        ("PUT", "/api/chat/", "POST"),
        ("DELETE", "/API/Chat/text", "POST"),
        ("GET", "/api/chat/nope", "POST"),
        ("PUT", "/api/chat/openai", "POST"),
        ("GET", "/api/aoaifn", "POST"),
        ("GET", "/api/http_trigger", "POST"),
        ("POST", "/api/chains", "GET, HEAD"),
        ("PATCH", "/api/health", "GET, HEAD"),
        ("DELETE", "/api/stream-check", "GET, HEAD, POST"),
        ("POST", "/openai/v1/models", "GET, HEAD"),
        ("POST", "/openai/models?api-version=2024-10-21", "GET, HEAD"),
        ("DELETE", "/api/openai/v1/models/chat", "GET, HEAD"),
        ("GET", "/openai/v1/chat/completions", "POST"),
        ("GET", "/openai/v1/responses", "POST"),
        ("POST", "/openai/v1/responses/resp_1", "DELETE, GET, HEAD"),
        ("GET", "/openai/responses/resp_1/cancel", "POST"),
        ("GET", "/openai/deployments/chat/chat/completions", "POST"),
    ],
)
def test_a_wrong_method_is_405_and_names_the_right_ones(
    app: AppProcess, method: str, path: str, allow: str
) -> None:
    response = app.client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allow)
    error = response.json()["error"]
    assert error["code"] == "method_not_allowed"
    openai = ("/openai/", "/chat/openai", "/aoaifn")
    assert ("type" in error) is any(each in path for each in openai)
    assert all(each in error["message"] for each in allow.split(", "))
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    "path",
    [
        "/api/health",
        "/api/health?ready=1",
        "/api/health/details",
        "/api/chains",
        "/api/openapi.json",
        "/openai/v1/models",
        "/api/openai/v1/models/chat",
    ],
)
def test_head_is_get_without_the_body(app: AppProcess, path: str) -> None:
    asked, got = app.client.head(path), app.client.get(path)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]


def test_head_of_what_is_posted_is_405(app: AppProcess) -> None:
    response = app.client.head("/api/chat")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("under", ["", "/api"])
def test_a_model_is_found_by_its_name(app: AppProcess, under: str) -> None:
    client = openai.OpenAI(
        base_url=f"{app.url}{under}/openai/v1", api_key="any", max_retries=0
    )
    with client:
        assert client.models.retrieve("chat").owned_by == "chain"
        assert client.models.retrieve("gpt-4o").owned_by == "deployment"
        with pytest.raises(openai.NotFoundError, match="Unknown model 'gpt-9'"):
            client.models.retrieve("gpt-9")


@pytest.mark.parametrize("under", ["", "/api"])
def test_clients_of_azure_openai_find_the_same_models(
    app: AppProcess, under: str
) -> None:
    listed = app.client.get(f"{under}/openai/v1/models").json()
    for query in ("", "?api-version=2024-10-21", "?api-version="):
        assert app.client.get(f"{under}/openai/models{query}").json() == listed
    for deployment in (None, "chat"):
        client = openai.AzureOpenAI(
            azure_endpoint=app.url + under,
            azure_deployment=deployment,
            api_key="any",
            api_version="2024-10-21",
            max_retries=0,
        )
        with client:
            found = [model.id for model in client.models.list()]
            assert found == [model["id"] for model in listed["data"]]
            assert client.models.retrieve("chat").owned_by == "chain"


def test_beside_the_routes_a_key_is_needed_too() -> None:
    with AppProcess({"API_KEYS": "caller-key"}) as server:
        for path in ("/openai/x", "/api/chains", "/api/x", "/openai/v1/models"):
            for method in ("GET", "POST", "HEAD"):
                response = server.client.request(method, path)
                assert response.status_code == 401, path
