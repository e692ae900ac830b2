"""Show a run again, in its own time and in any dialect: `python -m devhost.replay`."""

import argparse
import sys
from collections.abc import Sequence

from devhost.ask import Failed, RunningApp, local_url
from devhost.errors import StartError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.replay")
    parser.add_argument("run", help="the run's id: its `x-run-id`")
    parser.add_argument("--dialect", default="json", help="the wire to show it in")
    parser.add_argument("--speed", default="1", help="how many times as fast")
    parser.add_argument("--key", help="the key of who began the run, or its function's")
    parser.add_argument("--url", help="where the app runs, if not on this machine")
    given = parser.parse_args(arguments)
    if not given.run.strip():
        parser.error("the run is missing: make replay RUN=…")
    asked = {"dialect": given.dialect, "speed": given.speed}
    try:
        app = RunningApp(given.url or local_url(), given.key, "replay RUN=…")
        app.show("GET", f"/api/runs/{given.run}/stream", params=asked)
    except KeyboardInterrupt:
        return 130
    except (StartError, Failed) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
