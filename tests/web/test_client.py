"""web/client.js in Node: over vectors, a scripted server, and the app."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.standin.process import StandIn
from tests.support.app_process import ROOT, AppProcess
from tests.web.conftest import Drive
from tests.web.sse_vectors import EXAMPLES, generated

MOST_BYTES = 3 * 1024
CLIENT = ROOT / "web" / "client.js"


def frames(*texts: str, start: int = 1) -> list[str]:
    return [
        f'data: {{"delta_content":"{text}"}}\nid: {number}\n\n'
        for number, text in enumerate(texts, start)
    ]


def done(number: int, reason: str = "stop") -> str:
    return f'event: done\ndata: {{"finish_reason":"{reason}"}}\nid: {number}\n\n'


def texts(result: Mapping[str, Any]) -> str:
    return "".join(data.get("delta_content", "") for _, data, _ in result["found"])


LOST = {
    "name": "ChatError",
    "code": "connection_lost",
    "message": "The connection was lost.",
    "retryable": True,
}


def test_it_is_three_kilobytes_at_most() -> None:
    assert len(gzip.compress(CLIENT.read_bytes(), 9)) <= MOST_BYTES


def test_streams_split_at_every_byte_read_the_same(drive: Drive) -> None:
    assert drive("vectors", EXAMPLES) == []


def test_generated_streams_split_at_every_byte_read_the_same(drive: Drive) -> None:
    assert drive("vectors", list(generated(300))) == []


def test_a_whole_answer_ends_the_loop(drive: Drive) -> None:
    result = drive("against", [{"pieces": [*frames("Hel", "lo"), done(3)]}])
    assert result["found"] == [
        ["message", {"delta_content": "Hel"}, 1],
        ["message", {"delta_content": "lo"}, 2],
        ["done", {"finish_reason": "stop"}, 3],
    ]
    assert "thrown" not in result


def test_a_cut_stream_throws(drive: Drive) -> None:
    for end in ("end", "cut"):
        result = drive("against", [{"pieces": frames("Hel"), "end": end}])
        assert (texts(result), result["thrown"]) == ("Hel", LOST)


def test_an_error_event_is_thrown_after_done(drive: Drive) -> None:
    error = (
        'event: error\ndata: {"error":{"code":"upstream_stall","message":"It stalled.",'
        '"status":504,"retryable":true}}\nid: 2\n\n'
    )
    result = drive("against", [{"pieces": [*frames("a"), error, done(3, "error")]}])
    assert [kind for kind, _, _ in result["found"]] == ["message", "error", "done"]
    assert result["thrown"] == {
        "name": "ChatError",
        "code": "upstream_stall",
        "status": 504,
        "message": "It stalled.",
        "retryable": True,
    }


def test_a_lost_connection_is_read_on_from_the_last_number(drive: Drive) -> None:
    script = [
        {"pieces": [*frames("a", "b"), "data: half"], "end": "cut"},
        {"pieces": frames("b", "c", start=2), "end": "cut"},
        {"end": "refuse"},
        {"status": 503, "headers": {"retry-after": "0"}},
        {"pieces": [*frames("d", start=4), done(5)]},
    ]
    result = drive("against", script, {"resume": True})
    assert (texts(result), result.get("thrown")) == ("abcd", None)
    path = "/api/runs/RUN/stream"
    assert result["asked"] == [
        ["POST", "/api/chat", None, {"on_disconnect": "continue", "user": "Hi"}],
        ["GET", path, "2", ""],
        ["GET", path, "3", ""],
        ["GET", path, "3", ""],
        ["GET", path, "3", ""],
    ]


def test_what_is_before_and_behind_the_path_is_kept_for_the_run(drive: Drive) -> None:
    more = {"path": "/api/v1/api/chat?code=KEY"}
    script = [{"pieces": frames("a"), "end": "cut"}, {"status": 204}]
    result = drive("against", script, {"resume": True}, more)
    assert result["asked"][1][1] == "/api/v1/api/runs/RUN/stream?code=KEY"
    script = [{"pieces": frames("a"), "end": "open"}]
    result = drive("against", script, {"resume": True}, {**more, "leaveAt": 1})
    assert result["asked"][1][1] == "/api/v1/api/runs/RUN/cancel?code=KEY"


def test_headers_are_given_in_any_form_and_sent_once(
    app: AppProcess, drive: Drive
) -> None:
    body = {"user": "standin:answer tokens=1"}
    for headers in ({"Content-Type": "application/json"}, [["Content-Type", "x"]]):
        result = drive("follow", f"{app.url}/api/chat", body, {"headers": headers})
        assert (texts(result), result.get("thrown")) == ("tok0", None)


def test_what_the_caller_has_done_wrong_is_no_lost_connection(drive: Drive) -> None:
    result = drive("against", [{}], {"headers": {"x-key": "\u043a"}, "retries": 1})
    assert (result["thrown"], result["asked"]) == ({"name": "TypeError"}, [])
    open_ = {"pieces": frames("a"), "end": "open"}
    result = drive("against", [open_], {"resume": True}, {"openAndThrow": True})
    assert result["thrown"] == {"name": "RangeError"}
    assert result["asked"][1:] == [["POST", "/api/runs/RUN/cancel", None, ""]]


def test_a_refusal_of_a_gateway_has_a_code_and_a_message(drive: Drive) -> None:
    for error in ('{"error":{"code":null,"message":null}}', '{"error":"no"}', "[]"):
        thrown = drive("against", [{"status": 403, "pieces": [error]}])["thrown"]
        assert (thrown["code"], thrown["message"]) == (
            "http_403",
            "The server answered with status 403.",
        )


def test_a_run_that_is_gone_is_a_lost_connection(drive: Drive) -> None:
    script = [{"pieces": frames("a"), "end": "cut"}, {"status": 404}]
    result = drive("against", script, {"resume": True})
    assert result["thrown"] == LOST


def test_a_run_is_read_by_its_id(drive: Drive) -> None:
    script = [{"pieces": [*frames("c", start=3), done(4)]}]
    options = {"resume": {"runId": "R", "after": 2}}
    result = drive("against", script, options, {"body": None})
    assert texts(result) == "c"
    assert result["asked"] == [["GET", "/api/runs/R/stream", "2", ""]]


def test_nothing_after_done_is_an_end(drive: Drive) -> None:
    options = {"resume": {"runId": "R", "after": 2}}
    result = drive("against", [{"status": 204}], options)
    assert result["found"] == []
    assert "thrown" not in result


def test_it_asks_again_only_if_nothing_has_come(drive: Drive) -> None:
    busy = {"status": 429, "headers": {"retry-after": "0"}}
    script = [busy, {"end": "refuse"}, {"pieces": [*frames("a"), done(2)]}]
    result = drive("against", script, {"retries": 2})
    assert (texts(result), len(result["asked"])) == ("a", 3)
    script = [{"pieces": frames("a"), "end": "cut"}]
    result = drive("against", script, {"retries": 2})
    assert (result["thrown"]["code"], len(result["asked"])) == ("connection_lost", 1)
    result = drive("against", [{"status": 400}], {"retries": 2})
    assert (result["thrown"]["code"], len(result["asked"])) == ("http_400", 1)


def test_an_abort_leaves_the_server_and_stops_a_run_that_would_go_on(
    drive: Drive,
) -> None:
    open_ = {"pieces": frames("a"), "end": "open"}
    for stop in ({"abortAt": 1}, {"leaveAt": 1}):
        result = drive("against", [open_], {}, stop)
        assert (len(result["asked"]), result["gone"]) == (1, 1)
        result = drive("against", [open_], {"resume": True}, stop)
        assert result["asked"][1:] == [["POST", "/api/runs/RUN/cancel", None, ""]]
        assert result["gone"] == 1


def test_a_run_is_stopped_as_soon_as_the_server_can_be_reached(drive: Drive) -> None:
    open_ = {"pieces": frames("a"), "end": "open"}
    more = {"abortAt": 1, "lostCancels": 2}
    result = drive("against", [open_], {"resume": True}, more)
    assert len(result["asked"]) >= 3


def test_an_abort_before_the_answer_is_no_error_of_the_server(drive: Drive) -> None:
    result = drive("against", [{"end": "silent"}], {}, {"abortAt": "now"})
    assert result["thrown"] == {"name": "AbortError"}


def test_what_is_no_stream_is_unreadable(drive: Drive) -> None:
    page = {"headers": {"content-type": "text/html"}, "pieces": ["<html>"]}
    assert drive("against", [page])["thrown"]["code"] == "unreadable"
    strange = {"pieces": ["data: [DONE]\n\n"]}
    assert drive("against", [strange])["thrown"]["code"] == "unreadable"


def test_it_reads_the_app(app: AppProcess, drive: Drive) -> None:
    url = f"{app.url}/api/chat"
    result = drive("follow", url, {"user": "standin:answer tokens=3"})
    assert (texts(result), "thrown" in result) == ("tok0 tok1 tok2", False)
    result = drive("follow", url, {"user": "standin:rate_limited"})
    assert result["thrown"]["code"] == "rate_limited"
    assert result["thrown"]["status"] == 429
    result = drive("follow", url, {"user": "standin:cut tokens=2"})
    assert (texts(result), result["thrown"]["code"]) == (
        "tok0 tok1",
        "upstream_incomplete",
    )


def test_an_abort_stops_the_apps_model(
    app: AppProcess, drive: Drive, standin: StandIn
) -> None:
    question = "standin:answer tokens=999 delay_ms=50 tag=client-js-stops"
    result = drive("stopped", f"{app.url}/api/chat", question)
    assert result["thrown"] == {"name": "AbortError"}
    standin.wait_closed("client-js-stops")


def test_its_package_has_what_it_names() -> None:
    package = json.loads((CLIENT.parent / "package.json").read_text("utf-8"))
    exported = package["exports"]["."]
    for name in [*exported.values(), *package["files"]]:
        assert (CLIENT.parent / Path(name)).is_file()
