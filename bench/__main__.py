"""`python -m bench`: CPU per streamed chunk, this app beside what else one would take.

All on the real Functions runtime, each a process of its own, against one stand-in for
Azure OpenAI. Fails only where something did not work, never for a number.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
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


HERE = Path(__file__).parent
DEPLOYMENT = "/openai/deployments/gpt/chat/completions?api-version=2024-10-21"


def as_chains(upstream: StandIn) -> Sequence[Contender]:
    """A chain of this app, and what it is compared to, last."""
    ours = Contender(
        name="this app, a chain",
        app_dir=ROOT,
        path="/api/chat",
        environment=_settings(upstream, AZURE_OPENAI_DEPLOYMENT="gpt"),
        ask=lambda prompt: {"user": prompt},
        ending=b"event: done\n",
    )
    pooled = replace(
        ours, name="this app, two backends", environment=_backends(upstream)
    )
    tutorial = Contender(
        name="the tutorial handler",
        app_dir=HERE / "tutorial_app",
        path="/api/http_trigger",
        environment=_settings(
            upstream,
            AZURE_OPENAI_CHAT_DEPLOYMENT="gpt",
            OPENAI_API_VERSION="2024-10-21",
        ),
        ask=lambda prompt: {"user": prompt},
        ending=b"\r\n0\r\n\r\n",
    )
    return ours, pooled, tutorial


def as_proxies(upstream: StandIn) -> Sequence[Contender]:
    """This app's passthrough, and what it is compared to, last."""
    ours = Contender(
        name="this app, passthrough",
        app_dir=ROOT,
        path=DEPLOYMENT,
        environment=_settings(upstream, AZURE_OPENAI_DEPLOYMENT="gpt"),
        ask=_completion,
        ending=b"data: [DONE]\n",
    )
    pooled = replace(
        ours, name="passthrough, two backends", environment=_backends(upstream)
    )
    sdk = Contender(
        name="a proxy made of the SDK",
        app_dir=HERE / "sdk_proxy",
        path="/api" + DEPLOYMENT,
        environment=_settings(upstream, OPENAI_API_VERSION="2024-10-21"),
        ask=_completion,
        ending=b"data: [DONE]\n",
    )
    return ours, pooled, sdk


def _settings(upstream: StandIn, **more: str) -> Mapping[str, str]:
    return {
        "AZURE_OPENAI_ENDPOINT": upstream.url,
        "AZURE_OPENAI_API_KEY": upstream.key,
        **more,
    }


def _backends(upstream: StandIn) -> Mapping[str, str]:
    """The same upstream, and behind it one that is not asked while that answers."""
    entries: list[dict[str, object]] = [
        {"endpoint": upstream.url, "deployment": deployment, "api_key": upstream.key}
        for deployment in ("gpt", "behind")
    ]
    entries[1] |= {"priority": 2}
    return {"AZURE_OPENAI_BACKENDS": json.dumps(entries)}


def _completion(prompt: str) -> object:
    messages = [{"role": "user", "content": prompt}]
    return {"model": "gpt", "messages": messages, "stream": True}


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
        with StandIn() as upstream:
            for contenders in (as_chains(upstream), as_proxies(upstream)):
                with ExitStack() as stack:
                    running = [stack.enter_context(each.run()) for each in contenders]
                    asyncio.run(measure(running))
    except (BenchError, StartError) as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
