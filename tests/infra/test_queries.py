"""Alerts, the workbook and the pages ask for fields, states and metrics that exist."""

import json
import re
from typing import Any, get_args, get_type_hints

import pytest

from runs.attempts import AttemptRecord
from runs.finish_reasons import Status
from settings import Settings
from telemetry.journal import MAX_BYTES
from telemetry.records import Record, UsageRecord
from telemetry.sinks.otel import names
from tests.support.app_process import ROOT
from tests.support.markdown import PAGES, blocks, quoted, table

WORKBOOK = json.loads((ROOT / "infra/workbook.json").read_text("utf-8"))
SHOWN = {
    item["name"]: item["content"]["query"]
    for item in WORKBOOK["items"]
    if "query" in item["content"]
}
FILES = {path.name: path.read_text("utf-8") for path in ROOT.glob("infra/queries/*")}
# With a number, as several begin alike.
PAGE = {f"{number} {each}": each.code for number, each in enumerate(blocks("kql"))}
QUERIES = {**FILES, **SHOWN, **PAGE}

FIELDS: dict[str, Any] = {
    **dict.fromkeys(get_type_hints(Record)),
    "usage": get_type_hints(UsageRecord),
    "error": {"code"},
    "inter_token_ms": {"mean", "p95", "max"},
    "cost": {"amount", "currency"},
}


def paths(query: str, variable: str) -> set[str]:
    return set(re.findall(rf"\b{variable}\.([a-z_]\w*(?:\.\w+)*)", query))


@pytest.mark.parametrize("name", QUERIES)
def test_every_field_that_is_asked_for_exists(name: str) -> None:
    for path in paths(QUERIES[name], "record"):
        field, _, inner = path.partition(".")
        assert field in FIELDS, path
        assert not inner or inner in (FIELDS[field] or ()), path
    assert paths(QUERIES[name], "attempt") <= get_type_hints(AttemptRecord).keys()


def test_what_has_no_type_of_its_own_is_as_the_page_says() -> None:
    documented = quoted(PAGES["docs/telemetry.md"])
    assert "{amount, currency}" in documented
    assert {"mean", "p95", "max"} <= {*documented}


@pytest.mark.parametrize("name", QUERIES)
def test_every_state_and_metric_that_is_compared_with_exists(name: str) -> None:
    query = QUERIES[name]
    for states in re.findall(r"record\.status\) (?:==|in) (\([^)]*\)|'\w+')", query):
        assert {*re.findall(r"'(\w+)'", states)} <= {*get_args(Status)}
    named = vars(names).values()
    metrics = {each.name for each in named if isinstance(each, names.Instrument)}
    assert {*re.findall(r"\bname == '([\w.]+)'", query)} <= metrics
    for dimension in re.findall(r"customDimensions\['([\w.]+)'\]", query):
        assert dimension in named


def test_a_field_that_is_not_there_is_found() -> None:
    with pytest.raises(AssertionError, match="record_id"):
        assert paths("| where record.record_id > 1", "record") <= FIELDS.keys()


def test_every_alert_has_its_query_and_its_row_on_the_page() -> None:
    bicep = (ROOT / "infra/watch.bicep").read_text("utf-8")
    used = re.findall(r"loadTextContent\('queries/(\w+\.kql)'\)", bicep)
    assert sorted(used) == sorted(FILES)
    alerts = re.findall(r"^    name: '([\w-]+)'$", bicep, re.MULTILINE)
    rows = re.findall(r"^\| `([\w-]+)` \|", PAGES["docs/monitoring.md"], re.MULTILINE)
    assert alerts == rows
    for column, file in re.findall(r"queries/(\w+)\.kql'\)\s+column: '(\w*)'", bicep):
        assert not file or f"project {file}" in FILES[f"{column}.kql"]


def test_every_part_of_the_workbook_is_shown_for_the_time_that_is_chosen() -> None:
    parameters, *parts = WORKBOOK["items"]
    [chosen] = parameters["content"]["parameters"]
    for part in parts:
        assert part["content"]["timeContextFromParameter"] == chosen["name"]
        assert part["content"]["version"] == "KqlItem/1.0"


def test_the_page_says_from_which_number_on_each_alert_fires() -> None:
    """In the unit that its query has; of lines that are counted it says no unit."""
    bicep = (ROOT / "infra/watch.bicep").read_text("utf-8")
    found = re.findall(r"name: '([\w-]+)'\n.*\n.*\n.*\n +threshold: (\d+)", bicep)
    limits = {name: int(limit) for name, limit in found}
    rows = table("Alerts", PAGES["docs/monitoring.md"])
    fires = {name.strip("`"): text for name, text, _ in rows}
    assert limits.keys() == fires.keys()
    assert f"more than {limits['errors']} % of at least 20 runs" in fires["errors"]
    assert "runs >= 20" in FILES["errors.kql"]
    seconds = limits["first-token"] // 1000
    assert f"more than {seconds} s for 5 %" in fires["first-token"]
    for name in ("budgets", "failovers"):
        assert f"more than {limits[name]} " in fires[name]


def test_the_thresholds_of_metrics_are_of_this_apps_own_limits() -> None:
    text = PAGES["docs/metrics.md"]
    most = Settings.model_fields["max_concurrent_streams"].default
    assert f"MAX_CONCURRENT_STREAMS, whose default is {most}" in text
    assert f"open_streams[5m]) > {most * 8 // 10}" in text
    assert f"The journal holds {MAX_BYTES // 2**20} MB" in text
    [backlog] = re.findall(r"backlog_bytes\[30m\]\) > (\S+)", text)
    assert float(backlog) < MAX_BYTES / 10
