"""`python -m bench.flame_graph`: where a server's processor goes under paced load."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import environments, load
from bench.contenders import CHAIN, Contender, everyone
from bench.errors import BenchError
from bench.load import Load
from bench.quantities.paced import DELAY_MS
from bench.server import Server, serve
from bench.upstream import Upstream

FOLDER = Path(__file__).parent / "results"
CALLERS = 50
SECONDS = 10
WARM = Load(callers=CALLERS, tokens=50, answers=CALLERS)
PACED = Load(
    callers=CALLERS,
    tokens=round((SECONDS + 2) * 1000 / DELAY_MS),
    delay_ms=DELAY_MS,
    answers=CALLERS,
)
SAMPLES = 250
"""A second, at which py-spy takes a tenth of a core."""


def record(server: Server, svg: Path) -> None:
    """Draw what *server* does while its callers read *PACED*; raises `BenchError`."""
    load.run(WARM, server)
    options = ["--duration", str(SECONDS), "--rate", str(SAMPLES)]
    options += ["--output", str(svg), "--pid", str(server.pid)]
    callers = load.start(PACED, server)
    try:
        subprocess.run(
            [environments.program("tools", "py-spy"), "record", *options],
            check=True,
            capture_output=True,
            timeout=6 * SECONDS,
        )
    except subprocess.CalledProcessError as failed:
        # Where a process may only trace its children, it takes root.
        raise BenchError(f"py-spy: {failed.stderr.decode()[-500:]}") from None
    finally:
        load.finish(callers, server, PACED.longest)


def named(contenders: Sequence[Contender], name: str) -> Contender:
    """The one that has *name*, if it is installed; raises `BenchError`."""
    for each in contenders:
        if each.name == name and (not each.needs or environments.installed(each.needs)):
            return each
    names = ", ".join(repr(each.name) for each in contenders)
    raise BenchError(f"{name!r} is not installed, or none of {names}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.flame_graph")
    parser.add_argument("server", nargs="?", default=CHAIN)
    name = parser.parse_args(arguments).server
    if not environments.installed("tools"):
        print("bench: py-spy is not installed, see `make bench-envs`", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    svg = FOLDER / f"{name.replace(' ', '-')}.svg"
    try:
        with (
            Upstream() as upstream,
            serve(named(everyone(upstream.url), name)) as server,
        ):
            record(server, svg)
    except BenchError as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    print(f"bench: the flame graph is in {svg}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
