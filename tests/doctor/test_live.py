"""What the doctor says of a running app, and of what is in front of it."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from doctor import live, report
from doctor.__main__ import main, offline
from doctor.app import read
from doctor.arrival import Arrival
from doctor.findings import Finding
from settings import VERSION
from tests.conftest import azure
from tests.doctor.spoiling_proxies import Harm, proxy
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.markdown import PAGES

KEY = "caller-key-doctor"
FUNCTION_KEY = "the-function-key"
OLD = "told at /api/health/details, which is not there: deploy this version"
ALL = [
    *("health", "versions", "key", "stream", "headers", "compression", "leaving"),
    *("silence", "resume", "records", "answer", "store", "model"),
]
REFUSED = "told only to callers with a key, and the one of --key is refused"


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    """The app, which asks for a key."""
    settings = azure(standin, API_KEYS=KEY, KEEPALIVE_SECONDS="0.2", MAX_MESAGES="5")
    with AppProcess(settings) as server:
        server.warm()
        yield server


def findings(url: str, key: str | None = None) -> dict[str, tuple[str, str]]:
    found = live.check(url, key, silent=0)
    return {each.name: (each.level, each.text) for each in found}


def test_the_app_itself_warns_of_a_name_that_is_almost_a_settings(
    guarded: AppProcess,
) -> None:
    guarded.wait_for("MAX_MESAGES is no setting: did you mean MAX_MESSAGES")


@pytest.mark.parametrize("key", [KEY, FUNCTION_KEY])
def test_nothing_is_wrong_with_the_app_itself(
    guarded: AppProcess, small: AppProcess, key: str
) -> None:
    """A key of its own, or one that only the host can check."""
    found = findings(guarded.url if key == KEY else small.url, key)
    model = found.pop("model")
    assert {level for level, _ in found.values()} == {"ok"}, found
    assert model[0] in ("ok", "skipped")  # It may have been asked by another test.
    assert "uvicorn 0." in found["versions"][1]
    assert key not in str(found)


def test_its_page_shows_what_it_prints(guarded: AppProcess, folder: Path) -> None:
    def known(line: str) -> str:
        here = re.sub(r" at \S+ answered", " at BACKEND answered", line)
        return re.sub(r"\d+", "N", here.partition("…")[0])

    there = live.check(guarded.url, KEY, silent=1, asks=True)
    found = [*offline(read(folder)), *there]
    printed = [known(str(finding)) for finding in found]
    page = PAGES["docs/deploy.md"]
    shown = re.findall(r"^(?:ok|warning|problem)  .*$", page, re.MULTILINE)
    assert len(shown) == 16
    for line in shown:
        assert any(each.startswith(known(line)) for each in printed), line


def test_a_url_is_looked_at_alone(
    guarded: AppProcess, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong in the folder, or in the environment, is another app's."""
    (folder / "local.settings.json").write_text("{")
    os.environ["MAX_MESSAGES"] = "x"
    before = dict(os.environ)
    assert main([guarded.url, "--key", KEY, "--silence", "1", "--ask"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", f"{name}:"] for name in ALL]
    assert dict(os.environ) == before


def test_a_url_and_a_folder_are_two_apps(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["http://127.0.0.1:1", "--app-dir", "."])
    assert "give a URL or --app-dir" in capsys.readouterr().err


def test_without_a_key_it_says_what_it_could_not_look_at(guarded: AppProcess) -> None:
    found = findings(guarded.url)
    assert found["health"][0] == "ok"
    hint = "told only to callers with a key: give --key"
    assert found["versions"] == ("skipped", hint)
    assert found["key"] == ("ok", "one is asked for")
    assert found["stream"] == ("problem", "/api/stream-check is 401: give --key")


def test_a_wrong_key_is_told_from_none(guarded: AppProcess, small: AppProcess) -> None:
    for url in (guarded.url, small.url):
        found = findings(url, "caller-key-wrong")
        assert found["health"][0] == "ok"
        assert found["versions"] == ("skipped", REFUSED)
        assert found["key"][0] == "problem"
        text = "/api/stream-check is 401: the one of --key is refused"
        assert found["stream"] == ("problem", text)


def test_an_older_version_is_asked_for_what_it_does_tell(
    guarded: AppProcess, small: AppProcess
) -> None:
    with proxy(guarded.url, "is old") as url:
        found = findings(url, KEY)
    told = f"0.0.9 runs there, and {VERSION} is out: deploy it"
    assert found["versions"] == ("warning", told)
    for name in ("resume", "records"):
        assert found[name] == ("skipped", report.OLDER)
    with proxy(small.url, "is old") as url:
        found = findings(url, FUNCTION_KEY)
    assert found["versions"] == ("skipped", OLD)
    assert found["leaving"] == ("skipped", f"open streams are {OLD}")
    assert found["stream"][0] == "ok"


@pytest.mark.parametrize(
    ("keyed", "why"),
    [
        (None, "told only to callers with a key: give --key"),
        (401, REFUSED),
        (403, REFUSED),
        (404, OLD),
        (503, "not told"),
    ],
)
def test_why_it_cannot_answer_is_said_or_how_to_be_told(
    keyed: int | None, why: str
) -> None:
    told = report.Report(report.HEALTH, 503, {"status": "unavailable"}, keyed)
    assert report.ready(told).text == f"it cannot answer: why is {why}"
    checks = {"chain": "could not be loaded", "journal": "ok", "open_streams": 0}
    fields = {"status": "unavailable", "checks": checks}
    told = report.Report(report.HEALTH, 503, fields, keyed)
    assert report.ready(told).text == "it cannot answer: chain: could not be loaded"


def test_a_local_run_that_asks_for_no_key(app: AppProcess) -> None:
    found = findings(app.url)
    assert found["key"] == ("ok", "none is asked for, as in a local run")
    assert found["leaving"] == ("ok", "the run ends when the caller leaves")


@pytest.mark.parametrize(
    ("harm", "check", "says"),
    [
        ("buffers", "stream", "all came at once"),
        ("compresses", "compression", "compressed (gzip)"),
        ("renames", "headers", "content-type is text/plain"),
        ("cuts", "stream", "of 20 pieces arrived"),
        ("goes on", "leaving", "the run goes on when the caller has left"),
    ],
)
def test_a_proxy_that_harms_the_stream_is_found(
    guarded: AppProcess, harm: Harm, check: str, says: str
) -> None:
    with proxy(guarded.url, harm) as url:
        found = next(each for each in live.check(url, KEY) if each.name == check)
    assert (found.level, says in found.text) == ("problem", True), found


def test_nobody_leaves_a_stream_that_is_held_up(guarded: AppProcess) -> None:
    """It has ended before its first piece is here, on whichever instance."""
    with proxy(guarded.url, "buffers") as url:
        found = findings(url, KEY)
    assert found["leaving"] == ("skipped", "a stream that is held up is over by then")


@pytest.mark.parametrize("harm", ["none", "starts"])
def test_who_does_no_harm_is_let_be(guarded: AppProcess, harm: Harm) -> None:
    with proxy(guarded.url, harm) as url:
        found = findings(url, KEY)
    assert {level for level, _ in found.values()} <= {"ok", "skipped"}, found


@pytest.mark.parametrize(
    ("header", "host", "says"),
    [
        ({"server": "nginx/1.27"}, "x", "proxy_buffering off"),
        ({"x-azure-ref": "x"}, "x", "Front Door"),
        ({}, "app.azurestaticapps.net", "Static Web Apps"),
        ({}, "x", "what is on the way buffers"),
    ],
)
def test_who_buffers_is_told_where_it_shows(
    header: dict[str, str], host: str, says: str
) -> None:
    headers = httpx.Headers(header)
    text = b'"delta_content":"1 "' * 20
    arrived = Arrival(200, headers, text, span=0.0, first=2.0)
    assert says in live.stream(arrived, host).text


@pytest.mark.parametrize("url", ["nowhere", "127.0.0.1:9", "ftp://x"])
def test_what_is_no_url_is_named_so(url: str) -> None:
    text = "that is no URL: give one such as https://APP_NAME.azurewebsites.net"
    assert findings(url) == {"health": ("problem", text)}


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://["])
def test_nobody_there_is_a_problem_and_no_traceback(url: str) -> None:
    level, text = findings(url)["health"]
    assert (level, "does the app run, and" in text) == ("problem", True)


@pytest.mark.parametrize("path", ["//", "/chat", "/usage", "/api/health?code=x"])
def test_the_address_of_a_page_is_that_of_its_app(
    guarded: AppProcess, path: str
) -> None:
    assert next(live.check(guarded.url + path, KEY)).level == "ok"


def test_where_it_has_moved_to_is_named(guarded: AppProcess) -> None:
    """As http to https, which Azure sends every caller to."""
    with proxy(guarded.url, "signs in") as url:
        found = findings(url)
    sent = "callers are sent to https://login.example: give that URL, if it is the"
    assert found == {"health": ("problem", f"{sent} app's")}


def test_another_app_is_not_taken_for_this_one(standin: StandIn) -> None:
    found = findings(standin.url)
    level, text = found["health"]
    assert (level, "is the URL right?" in text) == ("problem", True)
    assert found["versions"] == ("skipped", "/api/health does not tell them")


def test_nor_is_one_that_has_a_health_of_its_own() -> None:
    fields = {"status": "UP", "checks": ["db"], "packages": ["one"]}
    told = report.Report(report.DETAILS, 200, fields, 200)
    assert "is the URL right?" in report.ready(told).text
    assert report.versions(told).level == "skipped"


def test_the_first_version_is_told_from_one_that_keeps_something_back() -> None:
    """It has a version and checks, and nothing of packages, records or the store."""
    fields = {"status": "ok", "version": "0.0.1", "checks": {"chain": "ok"}}
    told = report.Report(report.HEALTH, 200, fields, None)
    text = f"0.0.1 runs there, and {VERSION} is out: deploy it"
    assert report.versions(told) == Finding("warning", "versions", text)
    assert told.lacks == report.OLDER


def test_a_key_in_the_address_is_not_printed(guarded: AppProcess) -> None:
    found = findings(f"{guarded.url}/?code={KEY}")
    assert KEY not in str(found)
