"""The examples of docs/frontends.md are JavaScript that a bundler reads.

What they import is half a gigabyte, so it is not installed for them.
"""

import subprocess

import pytest

from tests.support.aimock import PACKAGE
from tests.support.markdown import Block, blocks

EXAMPLES = [each for each in blocks("jsx") if each.page == "docs/frontends.md"]
ESBUILD = PACKAGE / "node_modules" / ".bin" / "esbuild"


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_read(example: Block) -> None:
    command = [str(ESBUILD), "--loader=jsx", "--log-level=warning"]
    read = subprocess.run(
        command,
        input=example.code.encode(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (read.returncode, read.stderr.decode()) == (0, "")
