"""`Azurite`: Microsoft's emulator of Azure Storage, in a process of its own."""

import os

import pytest

from settings.storage_account import EMULATOR
from tests.standin.child import Child
from tests.support.aimock import NODE, PACKAGE


class Azurite(Child):
    """Blobs and tables, kept in memory; leaving its `with` stops it.

    Without it on this machine the test is skipped, and fails in CI.
    """

    def __init__(self) -> None:
        if not (NODE.exists() and (PACKAGE / "node_modules" / "azurite").is_dir()):
            missing = "azurite is not installed, run `make install`"
            if os.environ.get("CI"):
                pytest.fail(missing)
            pytest.skip(missing)
        super().__init__([str(NODE), "azurite.mjs"], cwd=PACKAGE)

    @property
    def connection_string(self) -> str:
        return EMULATOR.partition("BlobEndpoint=")[0] + self.url
