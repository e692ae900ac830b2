"""The stand-in as its callers see it: bytes and status codes."""

import json
import socket
import subprocess
import sys
import time

import httpx
import pytest

from tests.standin.process import ROOT, StandIn

CLASSIC = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
V1 = "/openai/v1/chat/completions"

type Json = dict[str, object]


def asking(content: str, **more: object) -> Json:
    """A body whose last user message is *content*."""
    return {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": content}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **more,
    }


def post(standin: StandIn, content: str, *, path: str = CLASSIC) -> httpx.Response:
    return httpx.post(
        standin.url + path, json=asking(content), headers={"api-key": standin.key}
    )


def events(response: httpx.Response) -> list[str]:
    """What follows `data: ` in each event."""
    frames = response.text.replace("\r\n", "\n").split("\n\n")
    return [frame.removeprefix("data: ") for frame in frames[:-1]]


def pieces(response: httpx.Response) -> list[str]:
    """Every non-empty `content`."""
    found = []
    for event in events(response):
        for choice in [] if event[0] != "{" else json.loads(event).get("choices", []):
            if content := choice.get("delta", {}).get("content"):
                found.append(content)
    return found


def last(response: httpx.Response) -> Json:
    """The last chunk before `[DONE]`."""
    chunk: Json = json.loads(events(response)[-2])
    return chunk


def test_an_answer_has_the_chunks_of_azure(standin: StandIn) -> None:
    response = post(standin, "standin:answer tokens=2 cached=3")
    first, role, one, two, finish, usage, done = events(response)
    assert json.loads(first)["id"] == ""
    assert json.loads(first)["choices"] == []
    assert json.loads(first)["prompt_filter_results"][0]["prompt_index"] == 0
    assert json.loads(role)["choices"][0]["delta"] == {
        "role": "assistant",
        "content": "",
        "refusal": None,
    }
    assert json.loads(one)["choices"][0]["delta"] == {"content": "tok0"}
    assert json.loads(two)["choices"][0]["delta"] == {"content": " tok1"}
    assert "hate" in json.loads(two)["choices"][0]["content_filter_results"]
    assert json.loads(finish)["choices"][0]["finish_reason"] == "stop"
    assert json.loads(usage)["choices"] == []
    assert json.loads(usage)["usage"]["completion_tokens"] == 2
    assert json.loads(usage)["usage"]["prompt_tokens_details"]["cached_tokens"] == 3
    assert done == "[DONE]"


def test_the_headers_are_those_of_azure(standin: StandIn) -> None:
    response = post(standin, "hello")
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-ms-region"] == "Sweden Central"
    for name in ("apim-request-id", "x-request-id", "x-ratelimit-remaining-tokens"):
        assert response.headers[name]


def test_v1_has_no_prompt_filter_chunk(standin: StandIn) -> None:
    for path in (V1, "/v1/chat/completions"):
        response = post(standin, "standin:answer tokens=1", path=path)
        assert len(events(response)) == 5
        assert "prompt_filter_results" not in response.text


def test_usage_comes_only_where_it_is_asked_for(standin: StandIn) -> None:
    response = httpx.post(
        standin.url + V1,
        json=asking("standin:answer tokens=1", stream_options=None),
        headers={"api-key": standin.key},
    )
    assert last(response)["usage"] is None


def test_without_stream_the_answer_is_one_object(standin: StandIn) -> None:
    response = httpx.post(
        standin.url + CLASSIC,
        json=asking("standin:tools calls=2", stream=False),
        headers={"api-key": standin.key},
    )
    choice = response.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    calls = [call["function"]["arguments"] for call in choice["message"]["tool_calls"]]
    assert calls == ['{"city":"Paris"}', '{"city":"London"}']


def test_own_text_comes_in_pieces_of_its_size(standin: StandIn) -> None:
    response = post(standin, "standin:answer text=a%20b%3Dc size=2")
    assert pieces(response) == ["a ", "b=", "c"]


def test_content_parts_are_read_like_text(standin: StandIn) -> None:
    parts = [{"type": "text", "text": "standin:length tokens=1"}]
    response = httpx.post(
        standin.url + V1,
        json=asking("", messages=[{"role": "user", "content": parts}]),
        headers={"api-key": standin.key},
    )
    assert '"finish_reason":"length"' in response.text


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ({"api-key": "standin-key"}, CLASSIC, 200),
        ({"api-key": "standin-key"}, V1, 200),
        ({"authorization": "Bearer standin-token"}, CLASSIC, 200),
        ({"authorization": "Bearer standin-token"}, V1, 200),
        ({"authorization": "Bearer standin-key"}, V1, 200),
        ({"authorization": "Bearer standin-key"}, CLASSIC, 401),
        ({"api-key": "wrong"}, CLASSIC, 401),
        ({}, V1, 401),
        ({"api-key": "standin-key"}, CLASSIC.partition("?")[0], 404),
        ({"api-key": "standin-key"}, CLASSIC.replace("gpt-4o", "missing"), 404),
    ],
)
def test_a_caller_needs_a_key_and_the_right_address(
    standin: StandIn, headers: dict[str, str], path: str, status: int
) -> None:
    response = httpx.post(standin.url + path, json=asking("hi"), headers=headers)
    assert response.status_code == status


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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("length", "length"),
        ("filtered", "content_filter"),
        ("unknown_finish", "galactic"),
        ("tools", "tool_calls"),
        ("refusal", "stop"),
        ("reasoning", "stop"),
    ],
)
def test_each_finish_reason(standin: StandIn, name: str, reason: str) -> None:
    assert f'"finish_reason":"{reason}"' in post(standin, f"standin:{name}").text


def test_tools_are_asked_for_once(standin: StandIn) -> None:
    ask = {"role": "user", "content": "standin:tools text=Sunny."}
    call: Json = {"role": "assistant", "content": None, "tool_calls": []}
    result = {"role": "tool", "tool_call_id": "call_standin0", "content": "22"}
    response = httpx.post(
        standin.url + V1,
        json=asking("", messages=[ask, call, result]),
        headers={"api-key": standin.key},
    )
    assert pieces(response) == ["Sunny."]


def test_an_asynchronous_verdict_comes_after_the_finish(standin: StandIn) -> None:
    chunks = events(post(standin, "standin:async_filter tokens=4"))
    finish = next(i for i, chunk in enumerate(chunks) if '"stop"' in chunk)
    choice = json.loads(chunks[finish + 1])["choices"][0]
    assert "delta" not in choice
    assert choice["finish_reason"] is None
    assert choice["content_filter_offsets"]["check_offset"] > 44


def test_an_asynchronous_block_names_its_characters(standin: StandIn) -> None:
    response = post(standin, "standin:async_block tokens=3 start=1 end=9")
    chunk = json.loads(events(response)[-2])
    choice = chunk["choices"][0]
    assert chunk["id"] == ""
    assert "delta" not in choice
    assert choice["finish_reason"] == "content_filter"
    assert choice["content_filter_offsets"] == {
        "check_offset": 1,
        "start_offset": 1,
        "end_offset": 9,
    }


def test_a_block_may_follow_the_finish(standin: StandIn) -> None:
    text = post(standin, "standin:block_after_stop").text
    assert 0 < text.index('"stop"') < text.index('"finish_reason":"content_filter"')


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


def test_one_chunk_may_be_big(standin: StandIn) -> None:
    assert [len(p) for p in pieces(post(standin, "standin:big"))] == [1_048_576]


def test_lines_may_end_in_crlf(standin: StandIn) -> None:
    body = post(standin, "standin:crlf tokens=2").content
    assert body.count(b"\r\n") == body.count(b"\n")
    assert body.endswith(b"data: [DONE]\r\n\r\n")


def test_usage_may_be_missing(standin: StandIn) -> None:
    assert last(post(standin, "standin:usage_null"))["usage"] is None


def test_echo_tells_what_reached_the_model(standin: StandIn) -> None:
    messages = [
        {"role": "system", "content": "Be brief.", "name": "rules"},
        {"role": "user", "content": [{"type": "text", "text": "standin:echo"}]},
    ]
    response = httpx.post(
        standin.url + V1,
        json=asking("", messages=messages),
        headers={"api-key": standin.key},
    )
    assert json.loads("".join(pieces(response))) == messages


def test_characters_are_split_between_writes(standin: StandIn) -> None:
    text = "é 漢字 😀 line\u2028paragraph\u2029next\u0085end"
    with httpx.stream(
        "POST",
        standin.url + CLASSIC,
        json=asking("standin:utf8_split"),
        headers={"api-key": standin.key},
    ) as response:
        arrived = list(response.iter_raw())
        assert any(piece[-1] >= 0xC0 for piece in arrived)
    said = httpx.Response(200, content=b"".join(arrived))
    assert "".join(pieces(said)) == text


def connected(standin: StandIn, content: str) -> socket.socket:
    """A bare connection that has asked."""
    host, port = standin.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    body = json.dumps(asking(content)).encode()
    head = f"POST {CLASSIC} HTTP/1.1\r\nhost: x\r\napi-key: {standin.key}\r\n"
    connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return connection


@pytest.mark.parametrize(
    ("directive", "chunks"),
    [
        ("silent tag=left-silent", 2),
        ("answer tag=left-first first_ms=60000", 2),
        ("stall tag=left-stall tokens=6 after=3", 5),
        ("slow_first tag=left-slow ms=60000", 0),
    ],
)
def test_a_caller_who_leaves_during_silence_is_noticed(
    standin: StandIn, directive: str, chunks: int
) -> None:
    tag = directive.split("tag=")[1].split()[0]
    connected(standin, f"standin:{directive}").close()
    record = standin.wait_closed(tag)
    assert record["closed_at"] is not None
    assert record["opened_at"] <= record["closed_at"] <= time.monotonic()
    assert record["chunks_sent"] <= chunks


def test_a_caller_who_leaves_an_endless_answer_is_noticed(standin: StandIn) -> None:
    ask = "standin:answer tag=left-midway tokens=100000 delay_ms=1"
    with connected(standin, ask) as connection:
        connection.recv(1)
        assert standin.wait("left-midway", "open")["closed_at"] is None
    assert standin.wait_closed("left-midway")["chunks_sent"] > 0


def test_a_request_is_recorded_as_it_came(standin: StandIn) -> None:
    response = httpx.post(
        standin.url + CLASSIC,
        json=asking("standin:answer tag=recorded tokens=3", temperature=0.5),
        headers=[("api-key", standin.key), ("X-Twice", "a"), ("x-twice", "b")],
    )
    record = standin.wait("recorded", "completed")
    assert standin.requests("recorded") == [record]
    assert record["scenario"] == "answer"
    assert record["path"] == "/openai/deployments/gpt-4o/chat/completions"
    assert record["query"] == {"api-version": "2024-10-21"}
    assert record["headers"]["x-twice"] == ["a", "b"]
    assert record["body"]["temperature"] == 0.5
    assert record["request_id"] == response.headers["x-request-id"]
    assert record["chunks_sent"] == 8


def test_waiting_for_what_never_comes_ends(standin: StandIn) -> None:
    with pytest.raises(TimeoutError, match="never"):
        standin.wait("never", timeout=0.05)


def test_reset_forgets() -> None:
    with StandIn(key="other") as own:
        assert post(own, "hello").status_code == 200
        assert len(own.requests()) == 1
        own.reset()
        assert own.requests() == []


def test_sigterm_ends_it_quietly_while_it_answers() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.standin"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[1]
    with httpx.stream(
        "POST",
        url + V1,
        json=asking("standin:silent"),
        headers={"api-key": "standin-key"},
    ):
        process.terminate()
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")
