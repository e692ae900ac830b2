"""The pages for operators name every code, role and parameter there is."""

import json
import re

from runs.run_log import UNFOLLOWED_SECONDS
from tests.infra.test_bicep import BUILT_IN
from tests.support.markdown import PAGES, ROOT, quoted, table


def test_the_runbook_has_every_error_code() -> None:
    rows = table("What each error code asks of you", PAGES["docs/operations.md"])
    codes = table("Error codes", PAGES["docs/errors.md"])
    assert {row[0] for row in rows} == {row[0] for row in codes}


def test_the_roles_are_those_of_bicep() -> None:
    text = PAGES["docs/deploy.md"].partition("these roles")[2].partition("You get")[0]
    named = re.findall(r"^\| ([A-Z][\w ]+) \|", text, re.MULTILINE)
    assert sorted(named) == sorted(BUILT_IN)


def test_the_parameters_are_those_of_azd() -> None:
    rows = table("Choose: parameters", PAGES["docs/deploy.md"])
    shown = {name for row in rows for name in quoted(row[0])}
    file = (ROOT / "infra/main.parameters.json").read_text("utf-8")
    values = [each["value"] for each in json.loads(file)["parameters"].values()]
    names = {value.strip("${}").partition("=")[0] for value in values}
    of_azd = {name for name in names if name.startswith(("AZURE_", "SERVICE_"))}
    assert shown == names - of_azd


def test_what_a_thousand_users_cost_is_computed() -> None:
    """As the page says: ten questions an hour, each answered in 15 seconds."""
    rows = table("Capacity and cost", PAGES["docs/operations.md"])
    shown = {what: (how, cost) for what, how, cost in rows}
    answers, seconds = 10_000, 15
    writes = answers * round(seconds / UNFOLLOWED_SECONDS)
    cost = {
        "tokens of `gpt-4o-mini`": 10 * 0.15 + 3 * 0.60,
        "[the store](scale.md), `STORE=storage`": writes / 10_000 * 0.05,
        "Flex Consumption": 2 * 3600 * 0.000026,
        "Event Hubs": 0.03,
        "Application Insights": 0.01 * 2.30,
    }
    for what, dollars in cost.items():
        assert shown[what][1] == f"${dollars:.2f}"
    assert shown["together"][1] == f"${sum(cost.values()):.2f}"
    assert f"{writes:,} writes" in shown["[the store](scale.md), `STORE=storage`"][0]
    open_answers = answers * seconds / 3600
    assert f"= {round(open_answers)}:" in shown["open answers at a time"][0]
