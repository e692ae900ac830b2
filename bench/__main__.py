"""`python -m bench`: CPU per streamed chunk, this app beside the tutorial handler.

Both on the real Functions runtime, each a process of its own, against one stand-in for
Azure OpenAI. Fails only where something did not work, never for a number.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import report
from bench.errors import BenchError
from bench.load import Load
from bench.measure import Contender, Running, compare
from bench.server import ROOT
from devhost.errors import StartError
from tests.standin.process import StandIn

WARM_UP = Load(answers=32, callers=16, tokens=400)
LOADED, LOADED_ROUNDS = Load(answers=96, callers=16, tokens=400), 4
PACED, PACED_ROUNDS = Load(answers=100, callers=100, tokens=100, delay_ms=20), 2


def contenders(upstream: StandIn) -> Sequence[Contender]:
    """This app, and what it is compared to, last."""
    shared = {
        "AZURE_OPENAI_ENDPOINT": upstream.url,
        "AZURE_OPENAI_API_KEY": upstream.key,
    }
    ours = Contender(
        name="this app",
        app_dir=ROOT,
        path="/api/chat",
        environment={**shared, "AZURE_OPENAI_DEPLOYMENT": "gpt"},
        ending=b"event: done\n",
    )
    tutorial = Contender(
        name="the tutorial handler",
        app_dir=Path(__file__).with_name("tutorial_app"),
        path="/api/http_trigger",
        environment={
            **shared,
            "AZURE_OPENAI_CHAT_DEPLOYMENT": "gpt",
            "OPENAI_API_VERSION": "2024-10-21",
        },
        ending=b"\r\n0\r\n\r\n",
    )
    return ours, tutorial


async def measure(running: Sequence[Running]) -> None:
    """Print a table for each load."""
    for each in running:
        await each.ask(WARM_UP)
    for work, rounds in ((LOADED, LOADED_ROUNDS), (PACED, PACED_ROUNDS)):
        results = await compare(running, work, rounds=rounds)
        print(f"\n{report.title(work, rounds)}:\n{report.table(results)}", flush=True)


def main() -> int:
    """Run it all, and leave no process behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not Path("/proc/self/stat").exists():
        print("bench: needs Linux, whose /proc tells what CPU a process used.")
        return 1
    print(report.machine(), flush=True)
    try:
        with ExitStack() as stack:
            upstream = stack.enter_context(StandIn())
            running = [
                stack.enter_context(contender.run())
                for contender in contenders(upstream)
            ]
            asyncio.run(measure(running))
    except (BenchError, StartError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
