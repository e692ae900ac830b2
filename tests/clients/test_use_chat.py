"""`useChat` of the AI SDK: its transport in Node, and the whole of it in a page."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clients.chromium_page import Page, served
from tests.clients.node_scripts import run
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.markdown import LOCAL, only

pytestmark = pytest.mark.client("ai")

PATH = "/api/chat/ui-message"


def send(
    server: AppProcess,
    question: str,
    *,
    sdk: str = "ai",
    stop_after: str = "",
    text: bool = False,
    **body: Any,
) -> Any:
    """What the transport makes of the answer, which is all *text* or has parts."""
    return run(
        "chat_transport.mjs",
        sdk=sdk,
        kind="TextStreamChatTransport" if text else "DefaultChatTransport",
        url=server.url + (PATH.replace("ui-message", "plain") if text else PATH),
        body=body,
        question=question,
        stopAfter=stop_after,
    )


def texts(told: Any, kind: str = "text") -> list[str]:
    return [part["text"] for part in told["message"]["parts"] if part["type"] == kind]


@pytest.mark.tries("stream")
def test_an_answer_is_a_message(app: AppProcess) -> None:
    told = send(app, "standin:answer tokens=3")
    assert texts(told) == ["tok0 tok1 tok2"]
    assert told["errors"] == []
    metadata = told["message"]["metadata"]
    assert (metadata["finishReason"], metadata["deployment"]) == ("stop", "gpt-4o")
    assert metadata["usage"]["outputTokens"] == 3


def test_a_chain_is_named_in_the_body(app: AppProcess) -> None:
    told = send(app, "hello", chain="sources")
    assert texts(told) == ["Hello"]
    sources = [
        part for part in told["message"]["parts"] if part["type"].startswith("source")
    ]
    assert [source["type"] for source in sources] == ["source-document", "source-url"]
    assert sources[1]["url"] == "https://x/lyon"


@pytest.mark.tries("stream")
def test_reasoning_is_a_part_of_its_own(app: AppProcess) -> None:
    told = send(app, "standin:reasoning")
    [reasoning] = texts(told, "reasoning")
    assert reasoning.startswith("The question is about")


@pytest.mark.tries("tools")
def test_an_agent_is_steps_with_a_dynamic_tool(app: AppProcess) -> None:
    told = send(app, "hello", chain="agent")
    kinds = [part["type"] for part in told["message"]["parts"]]
    assert kinds == [
        "step-start",
        "dynamic-tool",
        "source-document",
        "step-start",
        "text",
    ]
    tool = told["message"]["parts"][1]
    assert (tool["state"], tool["output"]) == (
        "output-available",
        "Paris: two million",
    )


@pytest.mark.parametrize(
    ("question", "chain"),
    [
        ("standin:answer tokens=3", None),
        ("standin:reasoning", None),
        ("standin:tools calls=2", None),
        ("hello", "sources"),
        ("hello", "agent"),
        ("hello", "tools"),
        ("hello", "silent"),
    ],
)
def test_without_streaming_the_answer_is_the_message_it_makes(
    app: AppProcess, question: str, chain: str | None
) -> None:
    body: dict[str, Any] = {"chain": chain} if chain else {}
    made = send(app, question, **body)["message"]
    posted = {"role": "user", "parts": [{"type": "text", "text": question}]}
    asked = {"messages": [posted], "stream": False, **body}
    whole = app.client.post(PATH, json=asked).json()
    varies = {"id", "metadata"}
    assert whole.keys() == made.keys()
    assert whole["metadata"].keys() == made["metadata"].keys()
    assert strip(whole, varies) == strip(made, varies)


@pytest.mark.tries("stream")
@pytest.mark.parametrize("sdk", ["ai-v5", "ai-v6"])
def test_earlier_releases_read_it_too(app: AppProcess, sdk: str) -> None:
    """Version 5.0.0 refuses a chunk with a key that it does not know."""
    answers = [
        send(app, "standin:reasoning", sdk=sdk),
        send(app, "standin:cut tokens=2", sdk=sdk),
        send(app, "hello", sdk=sdk, chain="agent"),
        send(app, "hello", sdk=sdk, chain="sources"),
        send(app, "hello", sdk=sdk, chain="tools"),
    ]
    for told in answers:
        assert "thrown" not in told
        assert told["chunks"][-1]["type"] == "finish"
        assert told["message"]["metadata"]["finishReason"]


def strip(message: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in names}


@pytest.mark.tries("error")
@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("sdk", ["ai-v5", "ai-v6", "ai"])
def test_an_error_before_the_stream_can_be_shown_as_it_is(
    app: AppProcess, sdk: str, text: bool
) -> None:
    told = send(app, "standin:rate_limited", sdk=sdk, text=text)
    assert told["thrown"]["message"] == "The model is busy; try again later."
    assert told["chunks"] == []


@pytest.mark.tries("stream")
@pytest.mark.parametrize("sdk", ["ai-v5", "ai-v6", "ai"])
def test_a_stream_of_text_is_a_message_too(app: AppProcess, sdk: str) -> None:
    told = send(app, "standin:answer tokens=3", sdk=sdk, text=True)
    assert texts(told) == ["tok0 tok1 tok2"]
    assert told["errors"] == []


@pytest.mark.tries("error")
def test_a_stream_of_text_that_is_cut_off_is_an_error(app: AppProcess) -> None:
    told = send(app, "standin:cut tokens=2 delay_ms=300", text=True)
    assert told["errors"] or "thrown" in told


@pytest.mark.tries("error")
def test_an_error_in_the_middle_is_told(app: AppProcess) -> None:
    told = send(app, "standin:cut tokens=2")
    assert texts(told) == ["tok0 tok1"]
    assert told["errors"] == ["The model's answer broke off."]
    assert told["message"]["metadata"]["finishReason"] == "error"


@pytest.mark.tries("stream", "error")
def test_silence_and_the_deadline(impatient: AppProcess, brief: AppProcess) -> None:
    told = send(impatient, "standin:answer tokens=1 first_ms=900")
    assert (texts(told), told["errors"]) == (["tok0"], [])
    told = send(brief, "standin:answer tokens=100 delay_ms=100")
    assert told["errors"] == ["The answer took too long."]


@pytest.mark.tries("stop")
def test_stopping_stops_the_model(app: AppProcess, standin: StandIn) -> None:
    question = "standin:answer tokens=999 delay_ms=50 tag=use-chat-stops"
    send(app, question, stop_after="text-delta")
    standin.wait_closed("use-chat-stops")


@pytest.mark.tries("stream")
def test_a_page_shows_the_answer_as_it_comes(app: AppProcess, page: Page) -> None:
    page.open(app.url + PATH)
    page.ask("standin:answer tokens=30 delay_ms=50")
    assert "tok29" not in page.glimpse("assistant", "tok0")
    page.shows("assistant", "tok29")
    page.shows("assistant", "stop by gpt-4o")
    assert page.errors == []


def test_a_page_goes_on_with_the_conversation(app: AppProcess, page: Page) -> None:
    page.open(app.url + PATH)
    page.ask("standin:answer text=one size=9")
    page.shows("assistant", "stop by gpt-4o")
    page.ask("standin:echo")
    page.shows("assistant", '{"role":"assistant","content":"one"}')


@pytest.mark.tries("tools")
def test_a_page_shows_tools_and_sources(app: AppProcess, page: Page) -> None:
    page.open(app.url + PATH, chain="agent")
    page.ask("hello")
    page.shows("assistant", "look_up: Paris: two million")
    page.shows("assistant", "Two million.")


@pytest.mark.tries("error")
def test_a_page_shows_what_went_wrong(app: AppProcess, page: Page) -> None:
    page.open(app.url + PATH)
    page.ask("standin:cut tokens=2")
    page.alerts("The model's answer broke off.")
    page.ask("standin:rate_limited")
    page.alerts("The model is busy; try again later.")


@pytest.mark.tries("stop")
def test_a_page_that_stops_stops_the_model(
    app: AppProcess, standin: StandIn, page: Page
) -> None:
    page.open(app.url + PATH)
    page.ask("standin:answer tokens=999 delay_ms=50 tag=page-stops")
    page.shows("assistant", "tok0")
    page.click("Stop")
    standin.wait_closed("page-stops")


RENDERED = """
import { createRoot } from "react-dom/client";
createRoot(document.getElementById("root")).render(<Chat />);
"""


def test_the_documented_page_chats(
    app: AppProcess, browser: Browser, tmp_path: Path
) -> None:
    code = only("jsx", "docs/browser.md")
    assert f"{LOCAL}/api/chat/ui-message" in code
    chat = tmp_path / "Chat.jsx"
    here = code.replace(LOCAL, app.url).replace("docs", "chat")
    chat.write_text(here + RENDERED, encoding="utf-8")
    with served(chat, tmp_path) as origin:
        page = Page(browser, origin.url)
        page.open("")
        page.ask("standin:answer tokens=3")
        page.says("tok0 tok1 tok2")
        page.ask("standin:cut tokens=1")
        page.alerts("The model's answer broke off.")
        page.click("Retry")
        page.alerts("The model's answer broke off.")
        page.close()
