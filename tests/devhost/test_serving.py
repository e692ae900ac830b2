"""One app, in one process, asked over its real socket."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.devhost.conftest import Devhost, running
from tests.devhost.served_app import APP


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that `ticks` writes once its caller has left."""
    return tmp_path_factory.mktemp("left") / "left"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, left: Path) -> Iterator[Devhost]:
    app_dir = tmp_path_factory.mktemp("app")
    (app_dir / "function_app.py").write_text(APP)
    with running(app_dir, LEFT=str(left)) as host:
        host.log_line("the app says hello")
        host.log_line("tick is not run: it has no HTTP trigger")
        yield host
        host.interrupt()
        assert host.exit_code() == 0
        # Whatever the tests did, nothing but the host's own lines is on the console.
        own = re.compile(r" [A-Z]+ devhost | INFO root the app says hello$")
        stray = [line for line in host.log if not own.search(line)]
        assert stray == []
        assert "a prompt" not in "\n".join(host.log)
        assert "invocation" not in "\n".join(host.log)


@pytest.fixture
def client(host: Devhost) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=host.url, timeout=20) as client:
        yield client


def test_banner_lists_the_routes(host: Devhost) -> None:
    lines = [" ".join(line.split()) for line in host.banner]
    assert f"GET {host.url}/api/items/{{id}} item" in lines
    assert host.banner[-1] == f"Listening on {host.url} (Ctrl-C stops)"


def test_route_value_is_a_string(client: httpx.Client) -> None:
    assert client.get("/api/items/7").json() == {"id": "7"}


def test_catch_all_is_decoded_and_the_body_read(client: httpx.Client) -> None:
    response = client.post("/api/files/a/b%20c?q=1", content="é")
    assert response.json() == {"rest": "a/b c", "body": "é"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/items"),
        ("GET", "/items/7"),
        ("GET", "/"),
        ("DELETE", "/api/items/7"),
        ("GET", "/openapi.json"),
    ],
)
def test_unknown_path_or_method_is_an_empty_404(
    client: httpx.Client, method: str, path: str
) -> None:
    response = client.request(method, path)
    length = response.headers["content-length"]
    assert (response.status_code, response.content, length) == (404, b"", "0")


def test_context_names_the_function_and_the_trace(client: httpx.Client) -> None:
    trace_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    # A caller has no say in the invocation's id.
    headers = {"traceparent": trace_parent, "x-ms-invocation-id": "mine"}
    response = client.get("/api/named", headers=headers)
    assert response.json() == ["named", trace_parent, True]
    assert client.get("/api/named").json() == ["named", "", True]


def test_first_byte_arrives_before_the_stream_goes_on(
    host: Devhost, client: httpx.Client
) -> None:
    with client.stream("GET", "/api/two") as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"first"
        httpx.post(f"{host.url}/api/go", timeout=20)
        assert list(chunks) == [b"second"]


def test_log_has_the_whole_streams_time_and_no_query_string(
    host: Devhost, client: httpx.Client
) -> None:
    client.get("/api/slow?code=s3cret")
    line = host.log_line("/api/slow")
    found = re.search(r"INFO devhost GET /api/slow 200 (\d+) ms$", line)
    assert found is not None, line
    assert 300 <= int(found[1]) < 30_000


def test_response_sees_at_once_that_its_caller_left(
    host: Devhost, client: httpx.Client, left: Path
) -> None:
    with client.stream("GET", "/api/ticks") as response:
        assert next(response.iter_raw()) == b"t"
    assert host.log_line("/api/ticks").endswith(" ms (the caller left)")
    assert left.read_text() == "left"


def test_function_whose_caller_left_runs_to_its_end(
    host: Devhost, client: httpx.Client
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.get("/api/thinks", timeout=httpx.Timeout(5, read=0.2))
    client.post("/api/go")
    line = host.log_line("/api/thinks")
    assert re.search(r"GET /api/thinks 200 \d+ ms \(the caller left\)$", line), line


@pytest.mark.parametrize(
    ("path", "raised"),
    [
        ("raises", "ValueError"),
        ("exits", "FunctionExit"),
        ("cancels", "FunctionExit"),
    ],
)
def test_function_that_raises_is_a_500_and_a_line_without_its_text(
    host: Devhost, client: httpx.Client, path: str, raised: str
) -> None:
    response = client.get(f"/api/{path}")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    line = host.log_line(f"{path} raised ")
    where = r"at function_app\.py:\d+$"
    assert re.search(f"ERROR devhost {path} raised {raised} {where}", line), line
    assert f"GET /api/{path} 500 " in host.log_line(f"/api/{path}")


def test_raising_functions_own_line_is_the_one_logged(
    host: Devhost, client: httpx.Client
) -> None:
    client.get("/api/raises")
    number = next(n for n, line in enumerate(APP.splitlines(), 1) if "RAISES" in line)
    assert host.log_line("raised").endswith(f" at function_app.py:{number}")


def test_stream_that_breaks_is_cut_off(host: Devhost, client: httpx.Client) -> None:
    with (
        pytest.raises(httpx.RemoteProtocolError),
        client.stream("GET", "/api/breaks") as r,
    ):
        r.read()
    assert "breaks raised ValueError at function_app.py:" in host.log_line("breaks")
    assert host.log_line("/api/breaks").endswith(" ms (cut short)")


def test_task_that_nobody_awaits_is_logged_without_its_text(
    host: Devhost, client: httpx.Client
) -> None:
    assert client.get("/api/orphan").status_code == 200
    line = host.log_line("never retrieved")
    assert "ERROR devhost" in line
    assert "ValueError at function_app.py:" in line


def test_preflight_is_answered_for_this_machines_origins(client: httpx.Client) -> None:
    response = client.options(
        "/api/items/7",
        headers={
            "origin": "http://localhost:5173",
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type,x-functions-key",
        },
    )
    assert (response.status_code, response.content) == (204, b"")
    del response.headers["date"]
    assert dict(response.headers) == {
        "access-control-allow-origin": "http://localhost:5173",
        "vary": "Origin",
        "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": "content-type,x-functions-key",
        "access-control-max-age": "600",
    }


@pytest.mark.parametrize(
    ("path", "status"), [("items/7", 200), ("x", 404), ("raises", 500)]
)
def test_every_answer_may_be_read_by_an_allowed_origin(
    client: httpx.Client, path: str, status: int
) -> None:
    headers = {"origin": "https://127.0.0.1:8443"}
    response = client.get(f"/api/{path}", headers=headers)
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == headers["origin"]
    assert response.headers["vary"] == "Origin"


def test_every_header_of_a_response_is_exposed(client: httpx.Client) -> None:
    headers = {"origin": "http://localhost"}
    exposed = client.get("/api/items/7", headers=headers).headers[
        "access-control-expose-headers"
    ]
    assert exposed == "content-length, content-type, x-request-id"


def test_other_origin_gets_no_cors_headers(client: httpx.Client) -> None:
    origin = {"origin": "https://example.com"}
    asking = {**origin, "access-control-request-method": "GET"}
    for response in (
        client.get("/api/items/7", headers=origin),
        client.options("/api/items/7", headers=asking),
    ):
        assert response.is_success
        assert not [name for name in response.headers if "access-control" in name]
