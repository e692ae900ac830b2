"""A browser with the chat page, and `client_driver.mjs` in Node."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.clients.chromium_page import chromium
from tests.support.aimock import NODE
from tests.support.app_process import AppProcess
from tests.web.chat_page import ChatPage, answering, tab

DRIVER = Path(__file__).with_name("client_driver.mjs")

Drive = Callable[..., Any]
"""Calls a function of the driver."""


@pytest.fixture(scope="session")
def drive() -> Drive:
    def call(function: str, *given: object) -> Any:
        done = subprocess.run(
            [str(NODE), str(DRIVER)],
            input=json.dumps([function, *given]).encode(),
            capture_output=True,
            timeout=50,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return call


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, offline: AppProcess) -> Iterator[ChatPage]:
    with tab(browser, offline) as page:
        yield page
        assert page.errors == []


@pytest.fixture
def asked(page: ChatPage) -> list[Any]:
    """The bodies that were sent."""
    return answering(page)
