"""The answers that do not arrive whole, or late, or not at all."""

import json
import time

import httpx
import pytest

from tests.standin.caller import CLASSIC, asking, events, last, pieces, post
from tests.standin.process import StandIn


@pytest.mark.parametrize(
    ("directive", "status", "code"),
    [
        ("prompt_filtered", 400, "content_filter"),
        ("context_length", 400, "context_length_exceeded"),
        ("bad_param", 400, "unsupported_parameter"),
        ("no_stream_options", 400, "unknown_parameter"),
        ("unauthorized", 401, "401"),
        ("forbidden", 403, "403"),
        ("not_found", 404, "DeploymentNotFound"),
        ("rate_limited", 429, "429"),
        ("server_error", 500, "server_error"),
        ("server_error status=503", 503, "server_error"),
        ("nonsense", 400, "invalid_request_error"),
        ("answer nonsense=1", 400, "invalid_request_error"),
        ("answer tokens=many", 400, "invalid_request_error"),
    ],
)
def test_each_error_has_its_status_and_code(
    standin: StandIn, directive: str, status: int, code: str
) -> None:
    response = post(standin, f"standin:{directive}")
    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert response.headers["x-request-id"]


def test_retry_headers_come_where_they_are_given(standin: StandIn) -> None:
    response = post(standin, "standin:rate_limited retry_after=7 retry_after_ms=1500")
    assert response.headers["retry-after"] == "7"
    assert response.headers["retry-after-ms"] == "1500"
    assert "retry-after" not in post(standin, "standin:rate_limited").headers


def test_times_limits_a_scenario_to_the_first_requests(standin: StandIn) -> None:
    ask = "standin:server_error times=2 tag=thrice"
    statuses = [post(standin, ask).status_code for _ in range(3)]
    assert statuses == [500, 500, 200]


def test_an_error_event_ends_the_body(standin: StandIn) -> None:
    response = post(standin, "standin:error_event tokens=0")
    assert pieces(response) == []
    error = json.loads(events(response)[-1])["error"]
    assert error["code"] == "server_error"
    assert "secret-upstream-detail" in error["message"]


def test_a_cut_is_a_clean_end_without_a_finish(standin: StandIn) -> None:
    response = post(standin, "standin:cut tokens=3")
    assert pieces(response) == ["tok0", " tok1", " tok2"]
    assert "[DONE]" not in response.text
    assert '"stop"' not in response.text


@pytest.mark.parametrize(
    ("directive", "error"),
    [
        ("drop tokens=3", httpx.ReadError),
        ("drop tokens=3 fin=1", httpx.RemoteProtocolError),
        ("drop tokens=3 delay_ms=1", httpx.ReadError),
    ],
)
def test_a_drop_loses_the_connection_in_the_body(
    standin: StandIn, directive: str, error: type[httpx.TransportError]
) -> None:
    received: list[bytes] = []
    with (
        httpx.stream(
            "POST",
            standin.url + CLASSIC,
            json=asking(f"standin:{directive}"),
            headers={"api-key": standin.key},
        ) as response,
        pytest.raises(error),
    ):
        received.extend(response.iter_bytes())
    assert b" tok2" in b"".join(received)


@pytest.mark.parametrize(
    ("directive", "error"),
    [
        ("drop_before", httpx.ReadError),
        ("drop_before fin=1", httpx.RemoteProtocolError),
    ],
)
def test_a_drop_may_come_before_the_headers(
    standin: StandIn, directive: str, error: type[httpx.TransportError]
) -> None:
    with pytest.raises(error):
        post(standin, f"standin:{directive} tag=drop-before")
    assert standin.wait("drop-before", "aborted")["chunks_sent"] == 0


def test_a_stall_goes_on(standin: StandIn) -> None:
    started = time.monotonic()
    response = post(standin, "standin:stall tokens=4 after=1 for_ms=200")
    assert time.monotonic() - started >= 0.2
    assert len(pieces(response)) == 4


def test_headers_may_be_slow(standin: StandIn) -> None:
    started = time.monotonic()
    assert post(standin, "standin:slow_first ms=200").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_a_malformed_chunk_is_the_last(standin: StandIn) -> None:
    assert events(post(standin, "standin:malformed"))[-1] == "{not json"


def test_usage_may_be_missing(standin: StandIn) -> None:
    assert last(post(standin, "standin:usage_null"))["usage"] is None


@pytest.mark.parametrize("stream", [True, False])
def test_headers_may_be_odd(standin: StandIn, stream: bool) -> None:
    response = httpx.post(
        standin.url + CLASSIC,
        json={**asking("standin:unsendable_headers tokens=1"), "stream": stream},
        headers={"api-key": standin.key},
    )
    assert response.status_code == 200
    assert response.headers["x-ms-region"] == "Sweden\x01Central"
    assert response.headers["x-accel-redirect"] == "/private"
