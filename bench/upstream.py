"""The stand-in for Azure OpenAI, whose tokens say when they were sent.

`python -m bench.upstream` serves it; `Upstream` runs that in a process of its own.
"""

import asyncio
import sys
from collections.abc import Iterator

from uvicorn.loops.auto import auto_loop_factory

from bench import clock
from tests.standin import scenarios
from tests.standin.__main__ import serve
from tests.standin.answers import Call, closing, opening
from tests.standin.child import Child
from tests.standin.process import ROOT
from tests.standin.server import application
from tests.standin.steps import Pause, Step, Text

KEY = "bench-key"


def timed(call: Call) -> Iterator[Step]:
    """`tokens`, one every `delay_ms`, and `for_ms` of silence before the end."""
    delay, held = call.directive.seconds("delay_ms"), call.directive.seconds("for_ms")
    yield from opening(call)
    for i in range(call.directive.number("tokens", 1)):
        if i and delay:
            yield Pause(delay)
        yield Text(clock.stamp())
    if held:
        yield Pause(held)
    yield from closing(call, "stop")


class Upstream(Child):
    """A running one; leaving its `with` stops it."""

    def __init__(self) -> None:
        super().__init__([sys.executable, "-m", "bench.upstream"], cwd=ROOT)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def main() -> int:
    scenarios.SCENARIOS["timed"] = timed
    app = application(key=KEY, token=KEY)
    asyncio.run(serve(app, 0), loop_factory=auto_loop_factory())
    return 0


if __name__ == "__main__":
    sys.exit(main())
