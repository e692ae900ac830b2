"""What the clients share: the app over aimock, and a page at another origin."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.clients import codex, known, results
from tests.clients.chromium_page import Page, chromium, served
from tests.clients.environments import LARGE, client
from tests.clients.node_scripts import SCRIPTS
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.aimock import Aimock
from tests.support.app_process import AppProcess
from tests.support.piecewise_server import Origin


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """In CI leave out the clients that only `make clients` installs: a skip there is a
    test that should have run."""
    if os.environ.get("CI") != "true" or results.PATH in os.environ:
        return
    missing = {name for name in LARGE if not client(name).installed}
    if not codex.installed():
        missing.add("codex")
    left_out = [item for item in items if missing & known.clients(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def over_aimock() -> Iterator[AppProcess]:
    """The app over a mock that nobody here wrote."""
    with Aimock() as aimock:
        settings = {
            "AZURE_OPENAI_ENDPOINT": aimock.url,
            "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
            "AZURE_OPENAI_API_KEY": "any",
        }
        with AppProcess(settings) as server:
            yield server


@pytest.fixture(scope="session")
def obliging() -> Iterator[AppProcess]:
    """The app over a model that calls the caller's tools and answers in its form."""
    with StandIn(scenario="obliging") as standin, AppProcess(azure(standin)) as server:
        server.warm()
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    with served(SCRIPTS / "page.jsx", tmp_path_factory.mktemp("page")) as origin:
        yield origin


@pytest.fixture
def page(origin: Origin, browser: Browser) -> Iterator[Page]:
    page = Page(browser, origin.url)
    yield page
    page.close()
