"""The usage page: what the runs of the journal used, and the course of one of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.web.chat_page import settings
from tests.web.usage_page import (
    RUN,
    UsagePage,
    in_journal,
    settled,
    some_runs,
    usage_tab,
)

HIDE = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture(scope="module")
def served(
    standin: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppProcess]:
    path = in_journal(tmp_path_factory.mktemp("journal"), *some_runs())
    given = settings(azure(standin, TELEMETRY_PATH=path))
    with AppProcess(given) as server:
        server.warm()
        settled(server)
        yield server


@pytest.fixture
def page(browser: Browser, served: AppProcess) -> Iterator[UsagePage]:
    with usage_tab(browser, served) as page:
        yield page


def test_sums_are_shown_by_group_and_over_time(page: UsagePage) -> None:
    page.open("#since=7d&measure=tokens")
    expect(page.page.get_by_role("combobox", name="Time")).to_have_value("7d")
    groups = page.table("By chain")
    expect(groups.get_by_role("row", name="chat")).to_contain_text("41")
    expect(groups.get_by_role("row", name="docs")).to_contain_text("1")
    for name in ("Over time", "Time to first token", "Tokens a second"):
        chart = page.page.get_by_role("img", name=name)
        expect(chart.locator("rect").first).to_be_attached()
    expect(page.page.locator("#bars .mark.other")).not_to_have_count(0)
    expect(page.page.locator("#instance")).to_contain_text("other instances answer")


def test_values_are_also_a_table(page: UsagePage) -> None:
    page.open()
    page.page.locator("#first summary").click()
    values = page.table("Time to first token: values").get_by_role("row")
    expect(values.first).to_have_text("Timep5p25p50p75p95")
    expect(values.last).to_contain_text("939 ms")


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("Deployment", "gpt-4o"),
        ("Backend", "127.0.0.1:9000"),
        ("Key or user", "without one"),
        ("Status", "ok"),
        ("Error", "rate_limited"),
    ],
)
def test_groups_are_made_by(page: UsagePage, by: str, name: str) -> None:
    page.open()
    page.page.get_by_role("combobox", name="By").select_option(label=by)
    groups = page.table(f"By {by.lower()}")
    named = groups.get_by_role("rowheader", name=name, exact=True)
    expect(named).to_be_visible()
    page.page.reload()
    expect(named).to_be_visible()


def test_one_group_alone_is_shown_and_all_again(page: UsagePage) -> None:
    page.open()
    runs = page.totals.locator("dd").first
    one = page.button("chain-0")
    one.click()
    expect(runs).to_have_text("1")
    expect(one).to_have_attribute("aria-pressed", "true")
    expect(one).to_be_focused()
    expect(page.page.locator("#bars .mark")).to_have_count(1)
    one.click()
    expect(one).to_have_attribute("aria-pressed", "false")


def test_a_runs_course_is_shown_by_its_id(page: UsagePage) -> None:
    page.open()
    page.page.get_by_label("Run id").fill(RUN)
    page.button("Show").click()
    rows = page.page.locator(".timeline li .what")
    expect(rows).to_have_text(
        [
            "Run ok",
            "gpt-4o-2024 stop · 7 in, 30 out",
            "east:443 attempt · busy 429",
            "west:443 attempt · answered",
        ]
    )
    expect(page.page.locator(".timeline .when")).to_have_text(
        [
            "0 ms to 2.0 s, first token at 1.0 s",
            "50 ms to 2.0 s, first token at 1.0 s",
            "50 ms to 150 ms",
            "150 ms to 450 ms",
        ]
    )
    page.page.reload()
    expect(rows).to_have_count(4)


WRITTEN = """async () => {
    const { money, percent } = await import("/assets/usage/figures.js");
    const amounts = [4e-7, 0.012345, 1, 12345.678].map(each => money(each, "EUR"));
    return [...amounts, ...[0.0002, 0.0123, 0.5].map(percent)];
}"""
LEFTMOST = """async () => {
    const { Chart } = await import("/assets/usage/chart.js");
    const place = document.createElement("div");
    document.querySelector("main").append(place);
    const columns = [{ name: "now", marks: [], values: ["1"] }];
    const write = value => `${value}.00 EUR`;
    new Chart(place, "Cost").show({ columns, head: ["c"], write, most: 200000 });
    const names = [...place.querySelectorAll("text")];
    return Math.min(...names.map(name => name.getBBox().x));
}"""


def test_amounts_and_shares_are_right_and_there_is_room_for_them(
    page: UsagePage,
) -> None:
    page.open()
    assert [text.replace("\u00a0", " ") for text in page.page.evaluate(WRITTEN)] == [
        *("0.0000004 EUR", "0.0123 EUR", "1 EUR", "12,345.68 EUR"),
        *("under 0.1 %", "1.2 %", "50 %"),
    ]
    assert page.page.evaluate(LEFTMOST) >= 0


def test_an_error_leads_to_its_run(page: UsagePage) -> None:
    page.open()
    errors = page.table("Newest errors")
    errors.get_by_role("row", name="rate_limited").get_by_role("button").click()
    expect(page.page.locator("#run .facts")).to_contain_text("docs")
    expect(page.page.locator("#run")).to_be_focused()


def test_the_tools_of_a_run_are_on_its_course(
    page: UsagePage, served: AppProcess
) -> None:
    answer = served.chat("Look", chain="rich")
    page.open(f"#run={answer.headers['x-run-id']}")
    tool = page.page.locator(".timeline li", has_text="search")
    expect(tool.locator(".what")).to_have_text("search tool")


def test_a_run_that_goes_on_is_followed_to_its_end(
    page: UsagePage, served: AppProcess
) -> None:
    with served.streaming("Count", chain="slow") as answer:
        page.open(f"#run={answer.response.headers['x-run-id']}")
        expect(page.page.locator("#shown")).to_contain_text("Goes on: event")
    expect(page.page.locator("#run .facts")).to_contain_text("cancelled")


def test_a_record_that_comes_after_the_end_of_its_run_is_shown(
    page: UsagePage, served: AppProcess
) -> None:
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 2:
            route.fulfill(status=404, json={})
        else:
            route.continue_()

    page.page.route("**/api/usage?run=*", answer)
    with served.streaming("Count", chain="slow") as answering:
        page.open(f"#run={answering.response.headers['x-run-id']}")
        expect(page.page.locator("#shown")).to_contain_text("Goes on: event")
    expect(page.page.locator("#run .facts")).to_contain_text("cancelled")
    assert len(asked) > 2


def test_a_run_that_nobody_knows_is_said_so(page: UsagePage) -> None:
    page.open("#run=00000000-0000-4000-8000-000000000000")
    expect(page.page.locator("#shown")).to_contain_text("no record of such a run")


def test_new_runs_are_counted_without_a_reload(
    page: UsagePage, served: AppProcess
) -> None:
    page.page.clock.install()
    page.open("#by=status")
    runs = page.totals.locator("dd").first
    expect(runs).not_to_have_text("")
    before = int(runs.inner_text())
    served.events("Hello", chain="rich")
    page.page.clock.run_for(6000)
    expect(runs).to_have_text(str(before + 1))


def test_a_page_that_nobody_sees_asks_nothing(page: UsagePage) -> None:
    page.page.clock.install()
    page.open()
    expect(page.totals).to_contain_text("Runs")
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url))
    page.page.evaluate(HIDE, True)
    page.page.clock.run_for(60_000)
    assert asked == []
    with page.page.expect_response("**/api/usage?*"):
        page.page.evaluate(HIDE, False)
    page.button("Live").click()
    asked.clear()
    page.page.clock.run_for(60_000)
    assert asked == []


def test_what_fails_is_said_until_it_is_over(page: UsagePage) -> None:
    page.page.clock.install()
    page.open()
    expect(page.totals).to_contain_text("Runs")
    page.page.route("**/api/usage?*", lambda route: route.abort())
    page.page.clock.run_for(6000)
    expect(page.page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(page.totals).to_be_visible()
    page.page.unroute("**/api/usage?*")
    busy = {"error": {"code": "overloaded", "message": "There is too much to do."}}
    page.page.route(
        "**/api/usage?*", lambda route: route.fulfill(status=503, json=busy)
    )
    page.page.clock.run_for(6000)
    expect(page.page.get_by_role("alert")).to_contain_text("There is too much to do.")
    page.page.unroute("**/api/usage?*")
    page.page.clock.run_for(6000)
    expect(page.page.get_by_role("alert")).to_have_count(0)


def test_an_app_without_runs_says_where_to_begin(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        AppProcess({"TELEMETRY_PATH": str(tmp_path)}) as server,
        usage_tab(browser, server) as page,
    ):
        page.open()
        expect(page.page.get_by_text("No run has ended")).to_be_visible()
        expect(page.page.locator("#drawn")).to_be_hidden()
        page.page.get_by_role("link", name="chat", exact=True).click()
        expect(page.page.locator("#chain option").first).to_be_attached()


def test_a_key_is_asked_for_and_can_be_given_later(browser: Browser) -> None:
    with (
        AppProcess({"FUNCTIONS_KEY": "function-key"}) as server,
        usage_tab(browser, server) as page,
    ):
        page.open()
        page.button("Cancel").click()
        expect(page.page.get_by_role("alert")).to_contain_text("asks for a key")
        page.button("Give the key").click()
        page.page.get_by_label("Key", exact=True).last.fill("function-key")
        page.button("Use this key").click()
        expect(page.totals).to_contain_text("Runs")
        expect(page.page.locator("#problem")).to_be_hidden()


def test_it_fits_a_phone(browser: Browser, served: AppProcess) -> None:
    size = {"width": 360, "height": 640}
    with usage_tab(browser, served, viewport=size) as page:
        page.open(f"#run={RUN}")
        expect(page.page.locator(".timeline li")).to_have_count(4)
        assert page.page.evaluate("document.documentElement.scrollWidth") == 360
