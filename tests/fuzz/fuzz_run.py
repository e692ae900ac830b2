"""Sends inputs, many at once, and judges what comes back."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import httptools

from tests.fuzz.fuzz_inputs import Input
from tests.support.app_process import AppProcess
from tests.support.raw_http import Answer, Connection, connect

AT_ONCE = 16
PATIENCE_SECONDS = 0.2
"""How long what is not whole may be answered, before it is ended."""

SETTINGS = {
    "AZURE_FUNCTIONS_ENVIRONMENT": "Production",  # Whose log holds no text.
    "BODY_TIMEOUT_SECONDS": "1",
    "MAX_REQUEST_BYTES": "200000",
    "MAX_PROXY_REQUEST_BYTES": "400000",
}
"""So that bodies can be too late and too large, and the log is a deployment's."""

OPENAI = re.compile(r"/openai/|/api/aoaifn|/api/chat/(openai|responses)")
TEXT = re.compile(r"^/api/chat/(plain|ui-message)")
"""The dialects whose clients show an error as it is."""

NATIVE_FIELDS = {"code", "message", "status", "retryable", "request_id"}
OPENAI_FIELDS = {"message", "type", "param", "code"}
NOT_HTTP = b"Invalid HTTP request received."
DOCUMENTED = {408, 413, 429, 431, 499, 502, 503, 504}


@dataclass
class Report:
    """What was tried, what came back, and what should not have."""

    tried: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)


async def run(server: AppProcess, inputs: Iterable[Input]) -> Report:
    """Send all *inputs*, then look at what the server has printed."""
    report, begun = Report(), len(server.lines)
    waiting = iter(inputs)

    async def send() -> None:
        for each in waiting:
            await _try(server.url, each, report)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(send())
    if server.chat("hello").status_code != 200:
        report.unexpected.append("the server does not answer any more")
    report.unexpected += [f"printed: {line}" for line in told(server.lines[begun:])]
    return report


def told(lines: list[str]) -> list[str]:
    """The lines that a server prints only where something went wrong in it."""
    ordinary = re.compile(
        r" INFO (devhost|telemetry|chains\.docs\.library) "
        r"|the chain '\w+' cannot answer: No model is configured"
    )
    return [
        line
        for line in lines
        if not ordinary.search(line) or "internal_error" in line or "Traceback" in line
    ]


async def _try(url: str, each: Input, report: Report) -> None:
    report.tried[each.kind] += 1
    try:
        async with connect(url) as connection:
            connection.write(each.data)
            answer = await _answer(connection, each)
    except TimeoutError:
        report.statuses["hung"] += 1
        report.unexpected.append(
            f"{each.kind}: no end of an answer: {each.data[:300]!r}"
        )
        return
    except httptools.HttpParserError as exc:
        report.unexpected.append(f"{each.kind}: no HTTP ({exc}): {each.data[:300]!r}")
        return
    kind = "no HTTP" if answer.body == NOT_HTTP else str(answer.status or "closed")
    report.statuses[kind] += 1
    if problem := judge(each, answer):
        report.unexpected.append(f"{each.kind}: {problem}: {each.data[:300]!r}")


async def _answer(connection: Connection, each: Input) -> Answer:
    if each.whole:
        return await connection.answer()
    waiting = asyncio.ensure_future(connection.answer())
    done, _ = await asyncio.wait({waiting}, timeout=PATIENCE_SECONDS)
    if not done:
        connection.write_eof()
    return await waiting


def judge(each: Input, answer: Answer) -> str | None:
    """What is wrong with *answer*, if something is."""
    if answer.status == 0:
        return "closed without an answer" if each.whole else None
    if answer.status < 500 and each.data.startswith(b"HEAD "):
        return None  # It says how long its body would be, and has none.
    if not answer.ended:
        return f"the {answer.status} has no end"
    if answer.status == 200 or (answer.status == 400 and answer.body == NOT_HTTP):
        return None
    if answer.status == 307:
        return None  # The root, which leads to the page.
    if answer.status in (204, 404) and not answer.body:
        return None  # The host's, of which we know no path or method.
    openai = OPENAI.search(each.path) is not None
    if openai and answer.header("content-type") != "application/json":
        return None  # The stand-in's, passed on.
    if TEXT.search(each.path) and answer.header("content-type") != "application/json":
        return None if answer.body.strip() else f"an empty {answer.status}"
    if answer.status >= 500 and answer.status not in DOCUMENTED:
        return f"status {answer.status}: {answer.body[:200]!r}"
    return _shape(answer, openai=openai)


def _shape(answer: Answer, *, openai: bool) -> str | None:
    """What is wrong with an error of ours."""
    try:
        error = answer.json()["error"]
        fields = set(error)
    except (ValueError, KeyError, TypeError):
        return f"a {answer.status} that is no error: {answer.body[:200]!r}"
    if error["code"] == "internal_error":
        return "internal_error"
    if openai:
        return None if fields == OPENAI_FIELDS else f"not OpenAI's error: {error}"
    if fields - {"retry_after_ms"} != NATIVE_FIELDS or error["status"] != answer.status:
        return f"not our error: {error}"
    return None
