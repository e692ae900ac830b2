"""Whether the app can answer: `/api/health` and `/api/health/details`.

Alive is what needs no I/O to say. Ready is what `READY` finds, check by check.
"""

import asyncio
import logging
import os
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypedDict

from starlette.requests import Request
from starlette.responses import Response

from azure_openai import backends
from runs import Run
from server.response import json_response
from settings import VERSION
from store import StoreError

if TYPE_CHECKING:
    from app import App

log = logging.getLogger(__name__)

REUSED_SECONDS = 1.0
"""Seconds for which a report is reused, so that frequent probes cause no more work."""

LOADING_SECONDS = 5.0
LOADING = "is still being loaded"

PACKAGES = (
    *("azure-functions", "azure-functions-runtime"),
    *("azurefunctions-extensions-http-fastapi", "fastapi", "starlette"),
    *("uvicorn", "uvloop", "httptools", "langchain-core", "langchain-openai"),
    *("openai", "aiohttp", "pydantic", "azure-eventhub", "azure-identity"),
)
"""Packages whose versions decide how the app behaves on a machine."""


Check = Callable[["App"], Awaitable[str | None]]


async def _chain(app: "App") -> str | None:
    try:
        async with asyncio.timeout(LOADING_SECONDS):
            return await app.chains.ready()
    except TimeoutError:
        return LOADING


async def _journal(app: "App") -> str | None:
    if app.telemetry.health()["journal"]["waiting"]:
        return "records wait for the disk, which does not take them"
    mode = os.W_OK | os.X_OK
    writable = await asyncio.to_thread(os.access, app.telemetry.folder, mode)
    return None if writable else "its folder is gone, or cannot be written to"


async def _streams(app: "App") -> str | None:
    full = app.capacity.open >= app.capacity.limit
    return f"all {app.capacity.limit} are taken" if full else None


async def _backends(app: "App") -> str | None:
    if not app.settings.model_configured:
        return None
    wait = backends.of(app.settings).ready_in()
    return f"all cool down, for {wait:.0f} seconds more" if wait else None


async def _store(app: "App") -> str | None:
    try:
        await app.store.get("store.health", "none")
    except StoreError as exc:
        why = str(exc).removeprefix(f"{app.store.name}: ")
        return f"{app.store.name} does not answer ({why})"
    return None


READY: Mapping[str, Check] = {
    "chain": _chain,
    "backends": _backends,
    "journal": _journal,
    "streams": _streams,
    "store": _store,
}
"""Checks by name: each returns `None`, or a problem in words safe to show."""


SHOWN = ("store",)
"""Checks that take no instance out of service: the others have the same store."""


class HealthReport(TypedDict):
    status: Literal["ok", "unavailable"]
    version: str
    chain: str
    checks: Mapping[str, object]


class FullHealthReport(HealthReport):
    backends: Sequence[Mapping[str, object]]
    python: str
    packages: Mapping[str, str]


class Health:
    def __init__(self, checks: Mapping[str, Check] = READY) -> None:
        self._checks = checks
        self._found: dict[str, str] = {}
        self._found_at = -float("inf")
        self._checking = asyncio.Lock()

    def alive(self, app: "App") -> HealthReport:
        """Whether the default chain is known to be unable to answer."""
        return _report(app, {"chain": app.chains.problem() or "ok"})

    async def ready(self, app: "App") -> FullHealthReport:
        async with self._checking:
            if monotonic() - self._found_at > REUSED_SECONDS:
                found = {name: await self._try(name, app) for name in self._checks}
                self._found = found
                self._found_at = monotonic()
        versions = await asyncio.to_thread(packages)
        python = platform.python_version()
        return {
            **_report(app, self._found),
            "backends": list(_backends_known()),
            "python": python,
            "packages": dict(versions),
        }

    async def _try(self, name: str, app: "App") -> str:
        try:
            return await self._checks[name](app) or "ok"
        except Exception as exc:  # What cannot be checked is not known to work.
            log.error("the check of %s: %s", name, type(exc).__name__)
            return "could not be checked"


def _backends_known() -> Iterator[Mapping[str, object]]:
    """The backends that were or may be asked: until when each rests, and what became
    of the last request to it.
    """
    for backend, seconds, last in backends.known():
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        yield {
            "backend": backend.address,
            "deployment": backend.deployment,
            "region": backend.region,
            "resting_until": until.isoformat(timespec="seconds") if seconds else None,
            "last_outcome": last.outcome if last else None,
            "last_status": last.status if last else None,
        }


def _report(app: "App", found: Mapping[str, str]) -> HealthReport:
    well = all(result == "ok" for name, result in found.items() if name not in SHOWN)
    return {
        "status": "ok" if well else "unavailable",
        "version": VERSION,
        "chain": app.chains.default,
        "checks": {
            **found,
            "open_streams": app.capacity.open,
            "warnings": app.chains.warnings(),
            "telemetry": app.telemetry.health(),
            "logs": app.logs.health(),
        },
    }


async def alive(app: "App", request: Request, run: Run) -> Response:
    """Whether the app can answer; details for a caller who has a key or needs none."""
    # A function key cannot be checked here: the host does so at the other route.
    anyone = app.developers or app.settings.auth_level == "anonymous"
    known = app.callers.holds_key(request) if app.settings.api_keys else anyone
    return await _tell(app, request, everything=known)


async def details(app: "App", request: Request, run: Run) -> Response:
    """The full report, for a caller whose key the route has checked."""
    return await _tell(app, request, everything=True)


async def _tell(app: "App", request: Request, *, everything: bool) -> Response:
    ready = request.query_params.get("ready") == "1"
    report = await app.health.ready(app) if ready else app.health.alive(app)
    status = 200 if report["status"] == "ok" else 503
    told = report if everything else {"status": report["status"]}
    return json_response(told, status)


@cache
def packages() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return MappingProxyType(found)
