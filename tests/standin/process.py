"""`StandIn`: the stand-in as a process of its own, for tests and benchmarks."""

import json
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from pydantic import TypeAdapter

from tests.standin.child import Child
from tests.standin.journal import Outcome, Recorded

ROOT = Path(__file__).resolve().parents[2]

_RECORDED = TypeAdapter(Recorded)
_ALL_RECORDED = TypeAdapter(list[Recorded])


class StandIn(Child):
    """A running stand-in; leaving its `with` stops it.

    Its methods block. In a test whose event loop also runs the caller, use
    `await anyio.to_thread.run_sync(standin.wait_closed, tag)`.
    """

    def __init__(
        self,
        *,
        key: str = "standin-key",
        token: str = "standin-token",
        scenario: str = "answer",
        port: int = 0,
        quiet: bool = False,
    ) -> None:
        self.key = key
        self.token = token
        options = ["--port", str(port), "--key", key, "--token", token]
        options += ["--scenario", scenario]
        super().__init__(
            [sys.executable, "-m", "tests.standin", *options], cwd=ROOT, quiet=quiet
        )

    def requests(self, tag: str | None = None) -> list[Recorded]:
        """The last requests with *tag*, or of all, the oldest first.

        Only the last `journal.KEPT` are remembered: `count` them, never `len`.
        """
        query = {} if tag is None else {"tag": tag}
        # Not `validate_json`, which takes no half of a surrogate pair; a prompt may.
        listed = json.loads(self._get("/standin/requests", query))
        return _ALL_RECORDED.validate_python(listed)

    def count(self) -> int:
        """How many requests there have been since it started."""
        counted: int = json.loads(self._get("/standin/requests/count", {}))
        return counted

    def wait(
        self, tag: str, outcome: Outcome | None = None, timeout: float = 10
    ) -> Recorded:
        """The first request with *tag* and *outcome*, or `TimeoutError`."""
        query = {"tag": tag, "timeout": str(timeout)}
        if outcome is not None:
            query["outcome"] = outcome
        found = json.loads(self._get("/standin/requests/wait", query))
        return _RECORDED.validate_python(found)

    def wait_closed(self, tag: str, timeout: float = 10) -> Recorded:
        """The first request with *tag* whose caller left."""
        return self.wait(tag, "closed_by_peer", timeout)

    def reset(self) -> None:
        """Forget every request."""
        with urlopen(Request(f"{self.url}/standin/reset", method="POST"), timeout=10):
            pass

    def _get(self, path: str, query: dict[str, str]) -> bytes:
        try:
            url = f"{self.url}{path}?{urlencode(query)}"
            with urlopen(url, timeout=30) as response:
                body: bytes = response.read()
                return body
        except HTTPError as exc:
            with exc:
                raise TimeoutError(f"No such request: {query}") from None
