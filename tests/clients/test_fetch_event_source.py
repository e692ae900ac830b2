"""@microsoft/fetch-event-source, in Chromium."""

import json

import pytest

from tests.clients.chromium_page import Page
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("fetch-event-source")


@pytest.mark.tries("stream")
def test_it_reads_json(app: AppProcess, page: Page) -> None:
    page.open(app.url)
    asked = {"user": "standin:answer tokens=2"}
    *deltas, (name, done) = page.events(f"{app.url}/api/chat", asked)
    values = [json.loads(data) for _, data in deltas]
    assert [value["delta_content"] for value in values] == ["tok0", " tok1"]
    assert (name, json.loads(done)["finish_reason"]) == ("done", "stop")


@pytest.mark.tries("stream")
def test_it_reads_delta_and_text(app: AppProcess, page: Page) -> None:
    page.open(app.url)
    asked = {"user": "standin:answer text=a%0A%0Ab size=9"}
    assert page.events(f"{app.url}/api/stream", asked) == [
        ["message", '{"delta":"a\\n\\nb"}'],
        ["done", '{"status":"completed"}'],
    ]
    assert page.events(f"{app.url}/api/chat-stream", asked) == [
        ["message", "a\n\nb"],
        ["message", "[DONE]"],
    ]


@pytest.mark.tries("stream")
def test_a_keep_alive_is_nothing_that_it_cannot_read(
    impatient: AppProcess, page: Page
) -> None:
    """It takes a comment for an event without data, which is no JSON."""
    page.open(impatient.url)
    asked = {"user": "standin:answer tokens=1 first_ms=900"}
    for path, field in [("/api/chat", "delta_content"), ("/api/stream", "delta")]:
        events = page.events(impatient.url + path, asked)
        values = [json.loads(data).get(field, "") for _, data in events]
        assert len(values) > 2
        assert "".join(values) == "tok0"
