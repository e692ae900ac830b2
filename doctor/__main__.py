"""Look for what keeps an app from streaming: in its folder, or where it runs."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor import configuration, installation, live, silence
from doctor.app import Installation, read
from doctor.findings import Finding


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each check; return 1 if a check has found a problem.

    With a URL, only what runs there is looked at: this folder's settings are another
    app's.
    """
    parser = argparse.ArgumentParser(prog="python -m doctor", description=__doc__)
    parser.add_argument("url", nargs="?", metavar="URL", help="where the app runs")
    parser.add_argument("--key", help="a function key, or one of API_KEYS")
    parser.add_argument(
        "--silence",
        type=float,
        default=silence.SECONDS,
        metavar="SECONDS",
        help="how long a stream of the check is silent; 20",
    )
    parser.add_argument(
        "--ask", action="store_true", help="ask the default chain, which may cost"
    )
    parser.add_argument("--app-dir", type=Path, help="where its files are, if no URL")
    given = parser.parse_args(arguments)
    if given.url and given.app_dir:
        parser.error("give a URL or --app-dir: they may be two apps")
    if given.url:
        found = live.check(given.url, given.key, silent=given.silence, asks=given.ask)
    else:
        found = offline(read((given.app_dir or Path()).resolve()))
    failed = False
    for finding in found:
        print(finding, flush=True)
        failed |= finding.level == "problem"
    return int(failed)


def offline(app: Installation) -> Iterator[Finding]:
    for check in (*installation.CHECKS, *configuration.CHECKS):
        yield check(app)
    if app.settings is not None:
        for check_settings in configuration.OF_SETTINGS:
            yield check_settings(app.settings, app)


if __name__ == "__main__":
    sys.exit(main())
