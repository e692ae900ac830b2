"""OpenAI's API over a socket: which names are whose, and what is nobody's."""

import socket
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from httpx_sse import EventSource

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

V1 = "/openai/v1/chat/completions"
EMBEDDINGS = "/openai/v1/embeddings"
HELLO = "standin:answer tokens=2"
TEXT = "tok0 tok1"


def at(deployment: str, operation: str = "chat/completions") -> str:
    return f"/openai/deployments/{quote(deployment)}/{operation}?api-version=2024-10-21"


def body(user: str = HELLO, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": user}], **fields}


def text_of(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["choices"][0]["message"]["content"])


def error_of(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("under", ["", "/api"])
def test_a_chain_and_a_deployment_answer_to_their_names(
    app: AppProcess, under: str
) -> None:
    for name, text in [("strings", "Hello"), ("gpt-4o", TEXT)]:
        assert text_of(app.client.post(under + at(name), json=body())) == text
        asked = body(model=name)
        assert text_of(app.client.post(under + V1, json=asked)) == text


def test_the_bodys_model_does_not_count_where_the_path_names_one(
    app: AppProcess,
) -> None:
    """LangChain's JavaScript sends `gpt-3.5-turbo` whatever the deployment."""
    for model in ("gpt-3.5-turbo", "tools", 1):
        asked = body(model=model)
        assert text_of(app.client.post(at("strings"), json=asked)) == "Hello"


def test_a_chain_answers_in_its_native_path_too(app: AppProcess) -> None:
    asked = body(model="strings")
    assert text_of(app.client.post("/api/chat/openai", json=asked)) == "Hello"
    assert text_of(app.client.post("/api/chat/openai", json=body())) == TEXT
    unknown = app.client.post("/api/chat/openai", json=body(model="gpt-4o"))
    assert error_of(unknown)["code"] == "not_found"


def test_a_stream_is_read_by_any_reader_of_events(app: AppProcess) -> None:
    for name, texts in [("strings", ["Hel", "lo"]), ("gpt-4o", ["tok0", " tok1"])]:
        asked = body(model=name, stream=True)
        with app.client.stream("POST", V1, json=asked) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            *events, last = EventSource(response).iter_sse()
        assert last.data == "[DONE]"
        choices = [choice for each in events for choice in each.json()["choices"]]
        deltas = [choice["delta"].get("content") for choice in choices]
        assert list(filter(None, deltas)) == texts


@pytest.mark.parametrize("path", [at("nope"), V1])
def test_what_is_nobodys_is_404_and_names_what_there_is(
    app: AppProcess, standin: StandIn, path: str
) -> None:
    before = standin.count()
    response = app.client.post(path, json=body(model="nope"))
    error = error_of(response)
    assert (response.status_code, error["code"]) == (404, "not_found")
    assert error["param"] == "model"
    assert "'nope'" in error["message"]
    assert all(name in error["message"] for name in ("'chat'", "'gpt-4o'"))
    assert standin.count() == before


def test_what_is_not_utf_8_names_no_model(app: AppProcess, standin: StandIn) -> None:
    before = standin.count()
    sent = b'{"model":"gpt-4o","messages":[{"role":"user","content":"\xff"}]}'
    response = app.client.post(V1, content=sent)
    assert response.status_code == 400
    assert error_of(response)["message"].startswith("The body is not JSON in UTF-8")
    assert standin.count() == before


def test_a_chain_does_not_embed(app: AppProcess) -> None:
    for path in (at("strings", "embeddings"), EMBEDDINGS):
        response = app.client.post(path, json={"model": "strings", "input": "a"})
        assert response.status_code == 404
        assert error_of(response)["message"] == (
            "Unknown model 'strings', expected one of ['gpt-4o']."
        )


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../chat",
        "..%2fgpt-4o",
        "%2e%2e%2fgpt-4o",
        "gpt-4o%2f..%2fgpt-4o",
        "gpt-4o%2fextensions",
        "gpt-4o%00",
        "gpt-4o%0d%0aapi-key:%20x",
        "%0d%0a",
        "gpt-4o%3fapi-version=x",
        "gpt-4o%23",
        "gpt-4o%20",
        "GPT-4O",
        "%EF%BD%87pt-4o",
        "gpt%E2%80%914o",
        "%ff%fe",
        "%",
        "x" * 1_000_000,
    ],
)
@pytest.mark.parametrize("under", ["", "/api"])
def test_a_name_that_means_harm_reaches_nobody(
    app: AppProcess, standin: StandIn, under: str, name: str
) -> None:
    before = standin.count()
    content = b'{"messages": [{"role": "user", "content": "standin:answer"}]}'
    path = f"{under}/openai/deployments/{name}/chat/completions?api-version=2024-10-21"
    assert status_of(app, path, content) in (400, 404)
    assert standin.count() == before


def status_of(app: AppProcess, path: str, content: bytes) -> int:
    """The answer's status, to a path that no client would send as it is."""
    address = urlsplit(app.url)
    assert address.hostname
    assert address.port
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
    with socket.create_connection((address.hostname, address.port), 5) as connection:
        connection.sendall(
            f"{head}content-length: {len(content)}\r\n\r\n".encode() + content
        )
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("name", ["../gpt-4o", "a\r\nb", "gpt-4ö", "x" * 1_000_000])
def test_a_model_that_means_harm_reaches_nobody(
    app: AppProcess, standin: StandIn, name: str
) -> None:
    before = standin.count()
    for path in (V1, EMBEDDINGS):
        response = app.client.post(path, json=body(model=name, input="a"))
        assert response.status_code == 404
        assert len(response.text) < 1000
    assert standin.count() == before


@pytest.mark.parametrize("fields", [{}, {"model": None}, {"model": ""}, {"model": 1}])
def test_v1_wants_a_model(app: AppProcess, fields: dict[str, Any]) -> None:
    for path in (V1, EMBEDDINGS):
        response = app.client.post(path, json=body(**fields))
        assert response.status_code == 400
        assert error_of(response)["param"] == "model"
    assert app.client.post(V1, content=b"{").status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"response_format": {"type": "json_schema", "json_schema": {"name": "f"}}},
        {"n": 2},
        {"logprobs": True},
    ],
)
def test_what_a_chain_cannot_do_a_deployment_can(
    app: AppProcess, fields: dict[str, Any]
) -> None:
    refused = app.client.post(at("strings"), json=body(**fields))
    [name] = fields
    assert refused.status_code == 400
    assert error_of(refused)["param"] == name
    assert text_of(app.client.post(at("gpt-4o"), json=body(**fields))) == TEXT


def test_the_default_deployment_has_a_path_of_its_own(app: AppProcess) -> None:
    asked = body(model="strings")
    assert text_of(app.client.post("/api/aoaifn", json=asked)) == TEXT


def test_without_a_deployment_the_default_chain_answers_there(
    offline: AppProcess,
) -> None:
    asked = body("How do I add my own chain?", model="gpt-4o")
    answer = offline.client.post("/api/aoaifn", json=asked).json()
    assert "chains/haiku.py" in answer["choices"][0]["message"]["content"]
    assert answer["model"] == "docs"
    assert answer["choices"][0]["message"]["context"]["citations"]
    models = offline.client.get("/openai/v1/models").json()["data"]
    assert {"chat", "docs"} <= {model["id"] for model in models}
    assert "gpt-4o" not in {model["id"] for model in models}
    assert offline.client.post(at("gpt-4o"), json=asked).status_code == 404


def test_only_allowed_deployments_are_called(standin: StandIn) -> None:
    allowed = {"AZURE_OPENAI_ALLOWED_DEPLOYMENTS": "gpt-4o-mini, missing, chat"}
    with AppProcess(azure(standin, **allowed)) as server:
        mini = body(f"{HELLO} tag=mini", model="gpt-4o-mini")
        assert text_of(server.client.post(V1, json=mini)) == TEXT
        [recorded] = standin.requests("mini")
        assert "/gpt-4o-mini/" in recorded["path"]
        refused = server.client.post(V1, json=body(model="gpt-4o"))
        assert refused.status_code == 404
        missing = server.client.post(V1, json=body(model="missing"))
        assert missing.json()["error"]["code"] == "DeploymentNotFound"
        # A chain comes before a deployment of the same name.
        asked = body("standin:echo", model="chat")
        assert "You are a helpful assistant." in text_of(
            server.client.post(V1, json=asked)
        )
        models = server.client.get("/openai/v1/models").json()["data"]
        owners = {model["id"]: model["owned_by"] for model in models}
        deployments = {name for name, kind in owners.items() if kind == "deployment"}
        assert deployments == {"gpt-4o-mini", "missing"}
        assert owners["chat"] == owners["docs"] == "chain"


def test_a_deployment_may_be_sent_more_than_a_chain(standin: StandIn) -> None:
    limits = {"MAX_REQUEST_BYTES": "2000", "MAX_PROXY_REQUEST_BYTES": "4000"}
    with AppProcess(azure(standin, **limits)) as server:
        large = body(f"{HELLO}\n{'x' * 2500}")
        refused = server.client.post(at("chat"), json=large)
        assert (refused.status_code, error_of(refused)["code"]) == (413, "too_large")
        assert "(MAX_REQUEST_BYTES)" in error_of(refused)["message"]
        assert text_of(server.client.post(at("gpt-4o"), json=large)) == TEXT
        for path in (at("gpt-4o"), at("chat"), V1, "/api/aoaifn"):
            refused = server.client.post(path, content=b"x" * 5000)
            assert refused.status_code == 413
            assert "(MAX_PROXY_REQUEST_BYTES)" in error_of(refused)["message"]


def test_a_callers_system_prompt_is_refused_to_a_chain_alone(small: AppProcess) -> None:
    asked = body()
    asked["messages"].insert(0, {"role": "system", "content": "obey"})
    refused = small.client.post(at("chat"), json=asked)
    assert refused.status_code == 400
    assert text_of(small.client.post(at("gpt-4o"), json=asked)) == TEXT


def test_the_two_models_of_an_openai_compatible_server(standin: StandIn) -> None:
    settings = {
        "OPENAI_BASE_URL": f"{standin.url}/v1",
        "OPENAI_MODEL": "llama3.2",
        "OPENAI_API_KEY": standin.key,
    }
    with AppProcess(settings) as server:
        for name in ("chat", "llama3.2"):
            assert text_of(server.client.post(V1, json=body(model=name))) == TEXT
        assert text_of(server.client.post("/api/aoaifn", json=body())) == TEXT
