"""A running app's report: whether it is ready, and which versions it runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import sleep

import httpx

from app.health import LOADING, REUSED_SECONDS
from doctor.findings import Finding
from settings import VERSION

HEALTH, DETAILS = "/api/health", "/api/health/details"
"""The first never needs a key, and shows no more to a caller with a function key."""

OLDER = "what runs there is too old for this check: deploy this version"

LOADING_TRIES = 5
"""Read the report again this often: a first start may take half a minute on a small
machine."""


@dataclass(frozen=True, slots=True)
class Report:
    """The report's *fields* from *path*, with *status*.

    *keyed* is the status of `DETAILS` for a request with a key; `None` without one.
    *moved_to* is where a caller is sent instead.
    """

    path: str
    status: int
    fields: Mapping[str, object]
    keyed: int | None
    moved_to: str = ""

    @property
    def ours(self) -> bool:
        return self.fields.get("status") in ("ok", "unavailable")

    @property
    def checks(self) -> Mapping[str, object]:
        return an_object(self.fields.get("checks"))

    @property
    def packages(self) -> Mapping[str, object]:
        return an_object(self.fields.get("packages"))

    @property
    def logs(self) -> Mapping[str, object]:
        return an_object(self.checks.get("logs"))

    @property
    def telemetry(self) -> dict[str, Mapping[str, object]]:
        """What is undelivered: of each sink by its name, and of the `journal`."""
        found = an_object(self.checks.get("telemetry"))
        return {name: an_object(state) for name, state in found.items()}

    @property
    def lacks(self) -> str:
        """Why something is not in it."""
        return OLDER if self.checks else self.told_to

    @property
    def told_to(self) -> str:
        match self.keyed:
            case None:
                return "told only to callers with a key: give --key"
            case 401 | 403:
                return (
                    "told only to callers with a key, and the one of --key is refused"
                )
            case 404:
                return f"told at {DETAILS}, which is not there: deploy this version"
            case _:
                return "not told"


def read(client: httpx.Client, *, keyed: bool, ready: bool = True) -> Report:
    """Read the report with the client's key, or else without one."""
    params = {"ready": "1"} if ready else {}
    refused = None
    if keyed:
        answer = client.get(DETAILS, params=params)
        if answer.status_code not in (401, 403, 404):
            return _report(DETAILS, answer, answer.status_code)
        refused = answer.status_code
    return _report(HEALTH, client.get(HEALTH, params=params), refused)


def _report(path: str, answer: httpx.Response, keyed: int | None) -> Report:
    fields, moved_to = fields_of(answer), ""
    if answer.next_request is not None:
        there = answer.next_request.url
        moved_to = f"{there.scheme}://{there.netloc.decode()}"
    return Report(path, answer.status_code, fields, keyed, moved_to)


def fields_of(answer: httpx.Response) -> Mapping[str, object]:
    """Those of the JSON object that *answer* is; none, if it is something else."""
    try:
        return an_object(answer.json())
    except ValueError:
        return {}


def an_object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, object]]:
    found = value if isinstance(value, list) else []
    return [each for each in found if isinstance(each, dict)]


def current(client: httpx.Client, told: Report, *, ready: bool = False) -> Report:
    """The report as it is now, at the path that *told* is of."""
    return read(client, keyed=told.path == DETAILS, ready=ready)


def loaded(client: httpx.Client, *, keyed: bool) -> Report:
    """The report, once the app's chain is no longer being loaded."""
    tries = 0
    while True:
        report = read(client, keyed=keyed)
        tries += 1
        if tries == LOADING_TRIES or report.checks.get("chain") != LOADING:
            return report
        sleep(REUSED_SECONDS)


def ready(report: Report) -> Finding:
    """The app says that it can answer."""
    if report.moved_to:
        text = (
            f"callers are sent to {report.moved_to}: give that URL, if it is the app's"
        )
        return Finding("problem", "health", text)
    if not report.ours:
        text = (
            f"{report.path} is {report.status}, and not this app's: is the URL right?"
        )
        return Finding("problem", "health", text)
    bad = {
        name: found
        for name, found in report.checks.items()
        if isinstance(found, str) and found != "ok"
    }
    if report.fields.get("status") != "ok":
        text = "; ".join(f"{name}: {found}" for name, found in bad.items())
        why = text or f"why is {report.told_to}"
        return Finding("problem", "health", f"it cannot answer: {why}")
    if warnings := an_object(report.checks.get("warnings")):
        text = "; ".join(f"{name}: {found}" for name, found in warnings.items())
        return Finding("warning", "health", text)
    return Finding("ok", "health", "it says that it is ready")


def versions(report: Report) -> Finding:
    version = str(report.fields.get("version", ""))
    if version and _numbers(version) < _numbers(VERSION):
        text = f"{version} runs there, and {VERSION} is out: deploy it"
        return Finding("warning", "versions", text)
    if not report.packages:
        why = report.told_to if report.ours else f"{report.path} does not tell them"
        return Finding("skipped", "versions", why)
    packages = ", ".join(f"{name} {v}" for name, v in report.packages.items())
    text = f"{version} on Python {report.fields.get('python')}; {packages}"
    return Finding("ok", "versions", text)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def open_streams(client: httpx.Client, report: Report) -> int | None:
    found = current(client, report).checks.get("open_streams")
    return found if isinstance(found, int) else None
