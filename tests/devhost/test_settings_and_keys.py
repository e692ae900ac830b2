"""An app with settings, in one process, whose functions want a key."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.devhost.conftest import Devhost, running

APP = """
import os

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request

app = func.FunctionApp()


@app.route("locked", methods=["GET"])
async def locked(req: Request) -> JSONResponse:
    return JSONResponse("in")


@app.route("admin", methods=["GET"], auth_level=func.AuthLevel.ADMIN)
async def admin(req: Request) -> JSONResponse:
    return JSONResponse("in")


@app.route("open/{name}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def setting(req: Request) -> JSONResponse:
    return JSONResponse(os.environ.get(req.path_params["name"]))


@app.route("api/chat", methods=["POST"])
async def chat(req: Request) -> JSONResponse:
    return JSONResponse("in")
"""
LOCAL_SETTINGS = {
    "Values": {"OURS": "file", "TAKEN": "file", "FLAG": True, "FUNCTIONS_KEY": "key é"},
    "Host": {"CORS": "https://a.example", "CORSCredentials": True, "LocalHttpPort": 1},
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devhost]:
    app_dir = tmp_path_factory.mktemp("app")
    (app_dir / "function_app.py").write_text(APP)
    (app_dir / "local.settings.json").write_text(json.dumps(LOCAL_SETTINGS))
    literal_paths = {"extensions": {"http": {"routePrefix": ""}}}
    (app_dir / "host.json").write_text(json.dumps(literal_paths))
    with running(app_dir, TAKEN="environment") as host:
        yield host


@pytest.fixture
def client(host: Devhost) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=host.url, timeout=20) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OURS", "file"),
        ("TAKEN", "environment"),
        ("FLAG", "true"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", None),
    ],
)
def test_app_sees_the_settings(
    client: httpx.Client, name: str, value: str | None
) -> None:
    assert client.get(f"/open/{name}").json() == value


def test_banner_has_a_curl_line_for_the_chat(host: Devhost) -> None:
    assert (
        f"curl -N {host.url}/api/chat -H 'content-type: application/json' "
        """-H 'x-functions-key: YOUR_KEY' -d '{"user":"How do I add my own chain?"}'"""
    ) in host.banner


@pytest.mark.parametrize("path", ["/locked", "/admin"])
@pytest.mark.parametrize(
    ("header", "query", "status"),
    [
        (None, "", 401),
        (None, "code=", 401),
        (None, "code=wrong", 401),
        (None, "code=key%20%C3%A9", 200),
        (None, "other=1&code=key+%C3%A9", 200),
        ("key é", "", 200),
        ("key é", "code=wrong", 200),
        ("wrong", "code=key%20%C3%A9", 401),
        ("", "code=key%20%C3%A9", 401),
    ],
)
def test_key_opens_what_is_not_anonymous_and_its_header_wins(
    client: httpx.Client, path: str, header: str | None, query: str, status: int
) -> None:
    headers = [] if header is None else [(b"x-functions-key", header.encode())]
    response = client.get(f"{path}?{query}", headers=headers)
    assert response.status_code == status
    if status == 401:
        assert response.content == b""


def test_refused_call_may_be_read_by_a_listed_origin(client: httpx.Client) -> None:
    response = client.get("/locked", headers={"origin": "https://a.example"})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == "https://a.example"
    assert response.headers["access-control-allow-credentials"] == "true"


def test_preflight_needs_no_key(client: httpx.Client) -> None:
    asking = {"origin": "https://a.example", "access-control-request-method": "GET"}
    response = client.options("/locked", headers=asking)
    assert response.status_code == 204
    assert response.headers["access-control-allow-credentials"] == "true"


def test_list_of_origins_replaces_the_default(client: httpx.Client) -> None:
    response = client.get("/open/OURS", headers={"origin": "http://localhost"})
    assert "access-control-allow-origin" not in response.headers
