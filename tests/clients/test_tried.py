"""The table of clients in docs/openai-api.md is of what is pinned."""

from tests.clients.environments import PACKAGES, client, version
from tests.support.markdown import PAGES, table


def test_the_page_tells_of_every_client_and_its_version() -> None:
    rows = table("Clients that are tried", PAGES["docs/openai-api.md"])
    told = [(row[0], row[1], row[-1]) for row in rows]
    assert told == [
        (f"`{package}`", version(name), "passed") for name, package in PACKAGES.items()
    ], "run `make clients`"


def test_every_package_of_an_environment_is_pinned() -> None:
    for name in PACKAGES:
        _, *pins = client(name).requirements.read_text("utf-8").splitlines()
        assert pins
        assert all("==" in pin for pin in pins)
