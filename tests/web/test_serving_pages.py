"""The pages as the app serves them, on the real runtime."""

import gzip
from collections.abc import Iterator

import httpx
import pytest

from app.pages import WEB
from tests.support.app_process import AppProcess

NAMES = {
    path.relative_to(WEB).as_posix()
    for folder in ("pages", "assets")
    for path in (WEB / folder).rglob("*.*")
    if path.suffix != ".txt"
}
PATHS = [
    "/client.js",
    *(
        "/" + name.removeprefix("pages/").removesuffix(".html")
        for name in sorted(NAMES)
        if not name.endswith(".json")
    ),
]


@pytest.fixture(scope="module")
def locked() -> Iterator[AppProcess]:
    """The app that asks every caller for a key."""
    with AppProcess({"FUNCTIONS_KEY": "function-key"}) as server:
        yield server


@pytest.mark.parametrize("path", PATHS)
def test_a_file_is_sent_without_a_key_and_runs_nothing_of_others(
    locked: AppProcess, path: str
) -> None:
    answer = locked.client.get(path, headers={"accept-encoding": "identity"})
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_what_is_behind_the_page_still_asks_for_a_key(locked: AppProcess) -> None:
    assert locked.client.get("/api/chains").status_code == 401


def test_the_root_leads_to_the_chat(offline: AppProcess) -> None:
    answer = offline.client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "chat")


def test_a_file_is_sent_compressed_to_who_takes_that(offline: AppProcess) -> None:
    with offline.client.stream("GET", "/client.js") as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == (WEB / "client.js").read_bytes()
    plain = offline.client.get("/client.js", headers={"accept-encoding": "identity"})
    assert plain.content == (WEB / "client.js").read_bytes()
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"


def test_what_a_browser_has_is_not_sent_again(offline: AppProcess) -> None:
    tag = offline.client.get("/client.js").headers["etag"]
    again = offline.client.get("/client.js", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    changed = offline.client.get("/client.js", headers={"if-none-match": 'W/"1"'})
    assert changed.status_code == 200


def test_head_has_the_headers_alone(offline: AppProcess) -> None:
    answer = offline.client.head("/chat")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/none.js",
        "/assets/%2e%2e/client.js",
        "/assets/..%2f..%2ffunction_app.py",
        "/assets/chat",
        "/package.json",
        "/client.d.ts",
    ],
)
def test_nothing_else_is_served(offline: AppProcess, path: str) -> None:
    url = httpx.URL(offline.url).copy_with(raw_path=path.encode())
    assert offline.client.get(url).status_code == 404


def test_pages_can_be_switched_off() -> None:
    with AppProcess({"PAGES": "false"}) as server:
        for path in ("/", "/chat", "/client.js"):
            assert server.client.get(path).status_code == 404
        assert server.client.get("/api/health").status_code == 200
