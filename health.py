"""Whether this can answer: what `/api/health` and `/api/health/details` tell.

Alive is what needs no I/O to say. Ready is what `READY` finds, check by check.
"""

import asyncio
import logging
import os
import platform
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from types import MappingProxyType
from typing import Any

import chains
from azure_openai import backends
from settings import VERSION, Settings
from streaming.limits import Capacity
from telemetry import Telemetry

log = logging.getLogger(__name__)

REUSED_SECONDS = 1.0
"""For how long a report of the checks is told again: who asks more often than that
makes no more work."""

LOADING_SECONDS = 5.0
LOADING = "is still being loaded"

PACKAGES = (
    *("azure-functions", "azure-functions-runtime"),
    *("azurefunctions-extensions-http-fastapi", "fastapi", "starlette"),
    *("uvicorn", "uvloop", "httptools", "langchain-core", "langchain-openai"),
    *("openai", "aiohttp", "pydantic", "azure-eventhub", "azure-identity"),
)
"""Those whose versions decide what this does on a machine."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What there is to be checked."""

    settings: Settings
    capacity: Capacity
    telemetry: Telemetry


Check = Callable[[Parts], Awaitable[str | None]]


async def _chain(parts: Parts) -> str | None:
    try:
        async with asyncio.timeout(LOADING_SECONDS):
            return await chains.ready(parts.settings)
    except TimeoutError:
        return LOADING


async def _journal(parts: Parts) -> str | None:
    if parts.telemetry.health()["journal"]["waiting"]:
        return "records wait for the disk, which does not take them"
    mode = os.W_OK | os.X_OK
    writable = await asyncio.to_thread(os.access, parts.telemetry.folder, mode)
    return None if writable else "its folder is gone, or cannot be written to"


async def _streams(parts: Parts) -> str | None:
    full = parts.capacity.open >= parts.capacity.limit
    return f"all {parts.capacity.limit} are taken" if full else None


async def _backends(parts: Parts) -> str | None:
    if not parts.settings.model_configured:
        return None
    wait = backends.of(parts.settings).ready_in()
    return f"all cool down, for {wait:.0f} seconds more" if wait else None


READY: Mapping[str, Check] = {
    "chain": _chain,
    "backends": _backends,
    "journal": _journal,
    "streams": _streams,
}
"""By its name, each check: it gives `None`, or a problem in words safe to show."""


class Health:
    """What is told of *parts*."""

    def __init__(self, parts: Parts, checks: Mapping[str, Check] = READY) -> None:
        self._parts, self._checks = parts, checks
        self._found: dict[str, str] = {}
        self._found_at = -float("inf")
        self._checking = asyncio.Lock()

    def alive(self) -> dict[str, Any]:
        """Whether the default chain is known to be unable to answer."""
        return self._report({"chain": chains.problem(self._parts.settings) or "ok"})

    async def ready(self) -> dict[str, Any]:
        """What every check says, and which versions run here."""
        async with self._checking:
            if monotonic() - self._found_at > REUSED_SECONDS:
                self._found = {name: await self._try(name) for name in self._checks}
                self._found_at = monotonic()
        versions = await asyncio.to_thread(packages)
        python = platform.python_version()
        return {
            **self._report(self._found),
            "python": python,
            "packages": dict(versions),
        }

    async def _try(self, name: str) -> str:
        try:
            return await self._checks[name](self._parts) or "ok"
        except Exception as exc:  # What cannot be checked is not known to work.
            log.error("the check of %s: %s", name, type(exc).__name__)
            return "could not be checked"

    def _report(self, found: Mapping[str, str]) -> dict[str, Any]:
        well = all(result == "ok" for result in found.values())
        return {
            "status": "ok" if well else "unavailable",
            "version": VERSION,
            "chain": self._parts.settings.default_chain,
            "checks": {
                **found,
                "open_streams": self._parts.capacity.open,
                "telemetry": self._parts.telemetry.health(),
            },
        }


@cache
def packages() -> Mapping[str, str]:
    """The versions that are installed here."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return MappingProxyType(found)
