"""What is printed."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version

from bench.load import Load
from bench.measure import Result

PACKAGES = ("langchain-core", "langchain-openai", "openai", "azure-functions-runtime")


def machine() -> str:
    """Where it ran, and with what."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {python}, {packages}"


def title(work: Load, rounds: int) -> str:
    """The load in words."""
    pace = f"one every {work.delay_ms} ms" if work.delay_ms else "as fast as it can"
    return (
        f"{work.callers} callers at a time, {work.tokens} tokens an answer, {pace}; "
        f"medians of {rounds} rounds of {work.answers} answers"
    )


def table(results: Sequence[Result]) -> str:
    """A row a server; the last column compares each to the last one's CPU."""
    heads = ("server", "µs CPU/chunk", "min to max", "chunks/s", "RSS MB", "ratio")
    rows = [heads, *(_row(result, results[-1]) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _row(result: Result, base: Result) -> tuple[str, ...]:
    low, high = result.spread
    return (
        result.name,
        f"{result.cpu_us:.1f}",
        f"{low:.1f} to {high:.1f}",
        f"{result.rate:,.0f}",
        f"{result.rss_bytes / 1e6:.0f}",
        f"{result.cpu_us / base.cpu_us:.2f}",
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *numbers = (
        f"{cell:<{width}}" if i == 0 else f"{cell:>{width}}"
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join((f"  {first}", *numbers))
