"""Whatever is said in an answer, by a tool, a source or an error, stays text."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from telemetry.usage.tally import Tally
from tests.clients.chromium_page import chromium
from tests.support.app_process import AppProcess
from tests.support.page_chains import RICH
from tests.web.chat_page import ChatPage, tab
from tests.web.payloads import PAYLOADS
from tests.web.usage_page import ago

FORBIDDEN = """() => {
    const bad = [];
    const tags = "script,img,iframe,object,embed,link,style,base,meta,video,audio,"
        + "portal,template,math,marquee,svg *:not(path, line, rect, text)";
    for (const found of document.body.querySelectorAll(tags)) bad.push(found.outerHTML);
    for (const found of document.querySelectorAll("main *, #chats *, header *")) {
        for (const { name, value } of found.attributes) {
            if (/^on|^style$|^src/.test(name)) bad.push(name);
            const good = /^(https?:|mailto:|#|chat$|usage(#run=[\\w-]+)?$)/;
            if (name === "href" && !good.test(value)) bad.push(value);
        }
    }
    return [bad, window.pwned, document.querySelectorAll("#messages").length];
}"""
LISTS = [  # Longer than what is lexed at once.
    "Before\n\n" + "- an *item*\n" * 130 + "\nAfter\n\n- another\n",
    "".join(f"{number}. item\n   - below\n" for number in range(3, 110)) + "- bullet",
    "- apart\n\n" * 60 + "- `tight`\n" * 60,
    "A \\( x_1 * y \\) b\n\n\\[\na_1 * b\n\\]\nc $a_1 $ d $b_2$\n$$ e_1\n$$\n\n$$\nf",
    "See [one][d] and [two].\n\n" + "Text.\n\n" * 8 + "[d]: https://example.com/d\n"
    "> [two]: https://example.com/two",
    "[d]: https://example.com/d\n\n" + "Text.\n\n" * 8 + "See [d].",
    "* tight\n" * 60 + "\n* apart\n\n- other\n" + "- other\n" * 60 + "text\n# Title",
]
CLEAN: list[object] = [[], None, 1]

RENDER = """async (texts) => {
    const { Markdown } = await import("/assets/chat/markdown.js");
    const different = [];
    for (const text of texts) {
        const [whole, grown] = [1, 2].map(() => document.createElement("div"));
        document.getElementById("messages").append(whole, grown);
        new Markdown(whole).show(text, true);
        const markdown = new Markdown(grown);
        const step = text.length > 2500 ? 97 : 1;
        for (let end = 1; end < text.length; end += step) {
            markdown.show(text.slice(0, end));
        }
        markdown.show(text, true);
        await new Promise((resolve) => setTimeout(resolve));
        if (whole.innerHTML !== grown.innerHTML) different.push(text);
    }
    return different;
}"""


@pytest.fixture(scope="module")
def page(offline: AppProcess) -> Iterator[ChatPage]:
    with chromium() as browser, tab(browser, offline) as page:
        yield page
        assert page.errors == []


def clean(page: Page) -> None:
    assert page.evaluate(FORBIDDEN) == CLEAN


def events(payload: str) -> str:
    """An answer that says *payload* in every place it has."""
    said = {"deployment": payload}
    tool = {"id": "1", "name": payload}
    source = {"id": "1", "title": payload, "url": payload, "snippet": payload}
    asked = {"name": payload, "args": {payload: payload}, "description": payload}
    error = {"code": payload, "message": payload, "request_id": payload}
    return "".join(
        f"event: {name}\ndata: {json.dumps({**said, **data})}\n\n"
        for name, data in (
            ("reasoning", {"delta_reasoning": payload}),
            ("tool_call", {**tool, "args": {payload: payload}}),
            ("tool_result", {**tool, "content": payload}),
            ("citation", source),
            ("citation", {**source, "id": payload}),
            ("message", {"delta_content": payload}),
            ("interrupt", {"id": payload, "value": payload}),
            ("interrupt", {"id": "2", "value": {"action_requests": [asked]}}),
            ("error", {"error": error}),
            ("done", {"finish_reason": payload, "usage": {}}),
        )
    )  # fmt: skip


def field(text: str) -> dict[str, str]:
    return {"type": "string", "title": text, "description": text, "default": text}


def test_there_are_enough_of_them() -> None:
    assert len(set(PAYLOADS)) >= 80


def test_an_answer_looks_the_same_however_it_came(page: ChatPage) -> None:
    assert page.page.evaluate(RENDER, [RICH, *LISTS, *PAYLOADS]) == []
    clean(page.page)


@pytest.mark.parametrize("part", range(4))
def test_no_payload_runs_in_any_place_of_an_answer(
    browser_page: ChatPage, part: int
) -> None:
    page = browser_page.page
    answers = iter(PAYLOADS[part::4])

    def answer(route: Route) -> None:
        kind = {"content-type": "text/event-stream"}
        route.fulfill(headers=kind, body=events(next(answers)))

    page.route("**/api/chat", answer)
    for payload in PAYLOADS[part::4]:
        browser_page.button("New conversation").click()
        browser_page.ask(payload)
        browser_page.finished()
        for folded in browser_page.answer.locator("summary").all():
            folded.evaluate("summary => summary.parentElement.open = true")
        expect(browser_page.answer.get_by_role("alert")).to_be_visible()
        clean(page)


@pytest.fixture
def browser_page(page: ChatPage) -> Iterator[ChatPage]:
    yield page
    page.page.unroute("**/api/chat")


def test_no_payload_runs_as_a_chain_or_a_file(page: ChatPage) -> None:
    chains = [{"name": each, "description": each} for each in PAYLOADS]
    listed = {"default": PAYLOADS[0], "chains": chains, "threads": False}
    schema = {
        "properties": {
            each: {
                "type": "string",
                "title": each,
                "description": each,
                "default": each,
            }
            for each in PAYLOADS
        }
    }
    page.page.route("**/api/chains", lambda route: route.fulfill(json=listed))
    described = {"name": "x", "input_schema": schema}
    page.page.route("**/api/chains/*", lambda route: route.fulfill(json=described))
    page.page.reload()
    expect(page.page.locator("#fields label")).to_have_count(len(PAYLOADS))
    files = [
        FilePayload(name=each[:100], mimeType="text/plain", buffer=b"a")
        for each in PAYLOADS
    ]
    page.page.locator("#pick").set_input_files(files)
    expect(page.page.locator("#files li").first).to_be_visible()
    clean(page.page)
    page.page.unroute("**/api/chains")
    page.page.unroute("**/api/chains/*")


def test_no_payload_runs_as_a_name_or_a_run_of_usage(page: ChatPage) -> None:
    tally = Tally(runs=1, cost={PAYLOADS[0]: Decimal(1)}).as_dict()
    over = [{"time": ago()[:13] + ":00:00Z", **tally}]
    call = {"model": PAYLOADS[3], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    attempts = [
        {"backend": each, "deployment": each, "outcome": each, "duration_ms": 1}
        for each in PAYLOADS
    ]
    report: dict[str, object] = {
        **{"since": ago(hours=3), "until": ago(), "by": "chain"},
        **{"totals": {**tally, "over": over}, "instance": PAYLOADS[1]},
        "groups": [{"name": each, **tally, "over": over} for each in PAYLOADS],
        "errors": [
            {"run_id": each, "timestamp": ago(), "code": each, "chain": each}
            for each in PAYLOADS
        ],
    }
    named = dict.fromkeys(("id", "status", "chain", "dialect", "principal"), "<b>")
    run = {**named, "latency_ms": 9, "timestamp": PAYLOADS[2], "calls": [call]}
    one = {"run": {**run, "attempts": attempts, "error": {"code": PAYLOADS[4]}}}

    def answer(route: Route) -> None:
        route.fulfill(json=one if "run=" in route.request.url else report)

    page.page.route("**/api/usage?*", answer)
    page.page.goto(f"{page.app.url}/usage#run=x")
    expect(page.page.locator(".timeline li")).to_have_count(len(PAYLOADS) + 2)
    expect(page.page.locator("#groups tbody tr")).to_have_count(len(PAYLOADS))
    assert page.page.evaluate(FORBIDDEN) == [[], None, 0]
    page.page.unroute("**/api/usage?*")
