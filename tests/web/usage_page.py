"""The usage page in Chromium, over a journal that has runs of all kinds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import Browser, Locator

from tests.support.app_process import AppProcess, until
from tests.usage.written_records import lines, written
from tests.web.tab import Tab

FAILED = {"status": "error", "error": {"code": "rate_limited"}, "chain": "docs"}
RUN = "5e1ec7ed-0000-4000-8000-000000000001"


def ago(**how: float) -> str:
    return (datetime.now(UTC) - timedelta(**how)).isoformat()


def in_journal(folder: Path, *records: dict[str, Any]) -> str:
    (folder / f"{1:020d}-1.jsonl").write_bytes(lines(*records))
    return str(folder)


def some_runs() -> list[dict[str, Any]]:
    """One with a known id, one that failed, and of more chains than have a colour."""
    attempts = [
        {"backend": "east:443", "outcome": "busy", "status": 429, "duration_ms": 100},
        {"backend": "west:443", "outcome": "answered", "duration_ms": 300},
    ]
    call = {
        "model": "gpt-4o-2024",
        "finish_reason": "stop",
        "started_ms": 50,
        "first_chunk_ms": 1000,
        "ended_ms": 2000,
        "usage": {"prompt_tokens": 7, "completion_tokens": 30},
    }
    named = written(ago(minutes=5), id=RUN, attempts=attempts, calls=[call])
    return [
        named,
        written(ago(hours=3), **FAILED),
        *(written(ago(hours=3), chain=f"chain-{number}") for number in range(9)),
        *(written(ago(days=2), principal=f"team-{number}") for number in range(40)),
    ]


def busy_week() -> Iterator[dict[str, Any]]:
    """Made up, and the same each time: what the page looks like if it is used."""
    chance = Random(4)
    for _ in range(700):
        chain = chance.choices(["chat", "docs", "agent", "support"], [8, 5, 3, 1])[0]
        tokens = int(chance.lognormvariate(5, 0.8))
        first = int(chance.lognormvariate(6.3, 0.5))
        streamed = int(tokens * 1000 / chance.lognormvariate(4, 0.3))
        failed = FAILED if chance.random() < 0.04 else {}
        yield written(
            ago(hours=chance.triangular(0, 160, 20)),
            **{**failed, "chain": chain},
            usage={"prompt_tokens": 4 * tokens, "completion_tokens": tokens},
            latency_ms=first + streamed,
            time_to_first_chunk_ms=first,
            streaming_duration_ms=streamed,
            cost={"amount": tokens / 50_000, "currency": "USD"},
        )


def settled(server: AppProcess) -> None:
    """Wait until the journal is counted."""

    def counted() -> bool:
        return "being read" not in server.client.get("/api/usage").json()["instance"]

    until(counted)


class UsagePage(Tab):
    def open(self, address: str = "") -> None:
        self.page.goto(f"{self.app.url}/usage{address}")

    def table(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name, exact=True)

    @property
    def totals(self) -> Locator:
        return self.page.locator("#totals")


@contextmanager
def usage_tab(
    browser: Browser, app: AppProcess, **options: object
) -> Iterator[UsagePage]:
    context = browser.new_context(**options)  # type: ignore[arg-type] # Playwright's.
    try:
        page = UsagePage(context, app)
        yield page
        assert page.elsewhere == []
        assert page.errors == []
    finally:
        context.close()
