"""Two backends on one host are told apart, and a failover has its request's id."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from settings.backends import Backend
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.telemetry.otel_collector import Collector, attributes

PROXY = "/openai/deployments/busy/chat/completions"
FAILING = "standin:rate_limited only=busy retry_after=0"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


@pytest.fixture(scope="module")
def second() -> Iterator[StandIn]:
    with StandIn() as standin:
        yield standin


@pytest.fixture(scope="module")
def failing_over(
    standin: StandIn, second: StandIn, collector: Collector
) -> Iterator[AppProcess]:
    """The app, whose first backend is busy; both are on this machine."""
    backends = [
        {"endpoint": one.url, "deployment": name, "api_key": one.key, "priority": nth}
        for nth, (one, name) in enumerate([(standin, "busy"), (second, "free")])
    ]
    settings = {
        "AZURE_OPENAI_BACKENDS": json.dumps(backends),
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_METRIC_EXPORT_INTERVAL": "100",
    }
    with AppProcess(settings) as server:
        server.warm()
        yield server


def address(standin: StandIn) -> str:
    return standin.url.removeprefix("http://")


def asked(server: AppProcess, path: str) -> httpx.Response:
    body: dict[str, Any] = {"messages": [{"role": "user", "content": FAILING}]}
    response = server.client.post(path, json=body)
    assert response.status_code == 200, response.text
    return response


@pytest.mark.parametrize("path", ["/api/chat", PROXY])
def test_the_port_tells_two_backends_on_one_host_apart(
    failing_over: AppProcess,
    standin: StandIn,
    second: StandIn,
    collector: Collector,
    path: str,
) -> None:
    response = asked(failing_over, path)
    request_id = response.headers["x-request-id"]
    assert response.headers["x-backend"] == address(second)
    assert failing_over.record(request_id)["backend"] == address(second)
    call = attributes(collector.tree(request_id).within[0].attributes)
    host, _, port = address(second).partition(":")
    assert (call["server.address"], call["server.port"]) == (host, int(port))
    failing_over.wait_for(
        rf"WARNING azure_openai.failover request {request_id}: "
        rf"backend {address(standin)}, deployment busy: status 429"
    )


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("https://one.openai.azure.com", "one.openai.azure.com:443"),
        ("http://one.example", "one.example:80"),
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://[::1]", "[::1]:443"),
    ],
)
def test_a_backend_is_named_by_host_and_port(endpoint: str, name: str) -> None:
    backend = Backend.model_validate({"endpoint": endpoint, "deployment": "gpt-4o"})
    assert backend.address == name
