"""What came of each client: a plugin of pytest, for its `-p`."""

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.clients import known

PATH = "CLIENTS_TRIED"
"""The variable that names the file to write what came of each client to."""

_results = pytest.StashKey[dict[str, str]]()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    pairs = {"|".join(pair) for item in session.items for pair in known.tried(item)}
    session.config.stash[_results] = dict.fromkeys(sorted(pairs), "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of several tests the worst counts: a failure, then one that was left out."""
    report = yield
    results = item.config.stash.get(_results, {})
    for pair in map("|".join, known.tried(item)):
        if report.failed:
            results[pair] = "failed"
        elif report.skipped and results.get(pair) != "failed":
            results[pair] = "not run"
        elif report.when == "call" and not results.get(pair):
            results[pair] = "passed"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    if path := os.environ.get(PATH):
        results = session.config.stash.get(_results, {})
        Path(path).write_text(json.dumps(results), "utf-8")
