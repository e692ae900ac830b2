"""The table of docs/clients.md is of what is tried, and of the versions pinned."""

import pytest

from tests.clients import tried
from tests.clients.environments import LARGE, PACKAGES, client
from tests.clients.known import CLIENTS
from tests.support.markdown import PAGES, table


@pytest.mark.timeout(120)
def test_the_page_tells_of_every_client_and_all_that_is_tried_of_it() -> None:
    collected = tried.run("--collect-only")
    rows = list(table("What was tried", PAGES["docs/clients.md"]))
    expected = [
        tried.row(pair, "passed", row[-1])
        for pair, row in zip(tried.ordered(collected), rows, strict=False)
    ]
    assert [f"| {' | '.join(row)} |" for row in rows] == expected, "run `make clients`"
    assert len(rows) == len(collected)
    assert {pair.partition("|")[0] for pair in collected} == set(CLIENTS)


def test_every_package_of_an_environment_is_pinned() -> None:
    for name in (*PACKAGES, *LARGE):
        _, *pins = client(name).requirements.read_text("utf-8").splitlines()
        assert pins
        assert all("==" in pin for pin in pins)
