"""The pages for operators name every code, role and parameter there is."""

import json
import re

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
