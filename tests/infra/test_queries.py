"""Alerts, the workbook and the pages ask for fields, states and metrics that exist."""

import json
import re
from typing import Any, get_args, get_type_hints

import pytest

from runs.attempts import AttemptRecord
from runs.finish_reasons import Status
from telemetry.records import Record, UsageRecord
from telemetry.sinks.otel import names
from tests.support.app_process import ROOT
from tests.support.markdown import PAGES, blocks, quoted

WORKBOOK = json.loads((ROOT / "infra/workbook.json").read_text("utf-8"))
SHOWN = {
    item["name"]: item["content"]["query"]
    for item in WORKBOOK["items"]
    if "query" in item["content"]
}
FILES = {path.name: path.read_text("utf-8") for path in ROOT.glob("infra/queries/*")}
PAGE = {str(block): block.code for block in blocks("kql")}
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
