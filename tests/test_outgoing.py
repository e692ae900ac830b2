"""What goes out goes where the settings say, whatever a caller or upstream says.

And of headers only those pass that are listed, in either direction.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.conftest import azure
from tests.standin.faults import UNSENDABLE, UNWANTED
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.raw_http import exchange, head

MESSAGES = b'"messages":[{"role":"user","content":"standin:answer tag=outgoing"}]'
COMPLETE = "/openai/deployments/{}/chat/completions"


class Trap:
    """An HTTP server that answers with `status`, and a *location* if it has one."""

    def __init__(self, location: str = "") -> None:
        self.status = 200
        self.asked: list[str] = []
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                trap.asked.append(self.path)
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(trap.status)
                self.send_header("content-length", "0")
                if location:
                    self.send_header("location", location)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.authority = "{}:{}".format(*self._server.server_address[:2])

    @contextmanager
    def listening(self) -> Iterator["Trap"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(5)


def tricks(trap: str) -> list[tuple[str, list[str], bytes]]:
    """Requests that would go to *trap*, if their caller had a say in it."""
    chat, v1 = "/api/chat", "/openai/v1/chat/completions"
    here = COMPLETE.format("gpt-4o")
    names = ["..%2f..%2f", "%2e%2e", "..", f"@{trap}", f"%2f%2f{trap}%2f", "gpt-4o%00"]
    names += ["gpt-4o%2f..%2f..%2fadmin", "gpt-4o%3fx=", "gpt-4o%23", "gpt-4o;x"]
    names += ["%0d%0a"]
    hosts = [
        f"x-forwarded-host: {trap}",
        f"forwarded: host={trap}",
        f"api-base: {trap}",
    ]
    question = b'{"user":"standin:answer tag=outgoing"}'
    asked = b"{" + MESSAGES + b"}"
    found: list[tuple[str, list[str], bytes]] = []
    found += [(COMPLETE.format(name), [], asked) for name in names]
    found += [(path, hosts, asked) for path in (chat, here)]
    found += [
        (f"http://{trap}{chat}", [], question),
        (f"http://{trap}{here}", [], asked),
        (f"//{trap}{here}", [], asked),
        (f"{here}?api-version=2024-10-21%26x%3d/../..", [], asked),
        (f"{here}?api-version=@{trap}", [], asked),
        (f"{here}?endpoint=http://{trap}&base_url=http://{trap}", [], asked),
    ]
    for model in (f"http://{trap}", f"//{trap}/gpt-4o", "../gpt-4o", "gpt-4o/../x"):
        named = b'{"model":"' + model.encode() + b'",' + MESSAGES + b"}"
        found.append((v1, [], named))
    for name in ("base_url", "azure_endpoint", "api_base"):
        extra = f'"{name}":"http://{trap}",'.encode()
        found += [(chat, [], b"{" + extra + question[1:])]
        found += [(v1, [], b'{"model":"gpt-4o",' + extra + MESSAGES + b"}")]
    return found


async def test_no_caller_says_where_a_request_goes(
    app: AppProcess, standin: StandIn
) -> None:
    with Trap().listening() as trap:
        for path, headers, body in tricks(trap.authority):
            length = f"content-length: {len(body)}"
            answer = await exchange(app.url, head(path, *headers, length) + body)
            assert answer.status in (200, 400, 404), path
        assert trap.asked == []
    went = {request["path"] for request in standin.requests("outgoing")}
    assert went == {"/openai/deployments/gpt-4o/chat/completions"}


def test_no_upstream_says_where_a_request_goes(standin: StandIn) -> None:
    here = COMPLETE.format("gpt-4o")
    body = {"messages": [{"role": "user", "content": "hello"}], "stream": True}
    with Trap().listening() as trap:
        elsewhere = f"http://{trap.authority}{here}"
        with Trap(elsewhere).listening() as upstream:
            endpoint = {"AZURE_OPENAI_ENDPOINT": f"http://{upstream.authority}"}
            with AppProcess({**azure(standin), **endpoint}) as server:
                server.warm()
                for upstream.status in (301, 302, 303, 307, 308):
                    for path in ("/api/chat", here):
                        response = server.client.post(path, json=body)
                        assert response.status_code == 502
                        assert response.json()["error"]["code"] == "upstream_error"
                        assert "location" not in response.headers
                        assert trap.authority not in response.text
            assert len(upstream.asked) == 10
        assert trap.asked == []


PRIVATE = {
    "authorization": "Bearer the-callers",
    "cf-access-jwt-assertion": "the-callers",
    "cookie": "a=b",
    "x-auth-token": "the-callers",
    "x-forwarded-for": "1.2.3.4",
    "x-goog-iap-jwt-assertion": "the-callers",
    "x-ms-original-url": "https://app/api/chat?code=the-callers",
    "x-rewrite-url": "/api/chat?code=the-callers",
    "x-zumo-auth": "the-callers",
}


@pytest.mark.parametrize("path", ["/api/chat/openai", COMPLETE.format("gpt-4o")])
def test_what_a_platform_adds_for_this_app_does_not_go_upstream(
    app: AppProcess, standin: StandIn, path: str
) -> None:
    tag = f"private-{path.count('/')}"
    body = {"messages": [{"role": "user", "content": f"standin:answer tag={tag}"}]}
    assert app.client.post(path, json=body, headers=PRIVATE).status_code == 200
    [request] = standin.requests(tag)
    assert not PRIVATE.keys() & request["headers"].keys()
    assert "the-callers" not in json.dumps(request)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "path", ["/api/chat", "/api/chat/openai", COMPLETE.format("gpt-4o")]
)
async def test_headers_that_cannot_be_sent_on_cost_nobody_the_answer(
    app: AppProcess, path: str, stream: bool
) -> None:
    asked = "standin:unsendable_headers tokens=2"
    messages = [{"role": "user", "content": asked}]
    body = json.dumps({"messages": messages, "stream": stream}).encode()
    request_id = f"odd-headers-{path.count('/')}-{len(path)}-{stream}"
    given = (f"x-request-id: {request_id}", f"content-length: {len(body)}")
    answer = await exchange(app.url, head(path, *given) + body)
    assert (answer.status, answer.ended) == (200, True)
    assert b"tok1" in answer.body
    came = dict(answer.headers)
    assert came.pop("x-request-id") == request_id
    assert not (UNSENDABLE | UNWANTED).keys() & came.keys()
    assert app.record(request_id)["status"] == "ok"
