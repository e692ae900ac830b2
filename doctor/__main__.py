"""Look for what keeps an app from streaming: its settings, and where it runs."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from doctor import configuration, installation, live
from doctor.app import Installation, read
from doctor.findings import Finding


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each check; return 1 if a check has found a problem."""
    parser = argparse.ArgumentParser(prog="python -m doctor", description=__doc__)
    parser.add_argument("url", nargs="?", metavar="URL", help="where the app runs")
    parser.add_argument("--key", help="a function key, or one of API_KEYS")
    parser.add_argument("--app-dir", default=".", type=Path, help="where its files are")
    given = parser.parse_args(arguments)
    failed = False
    for finding in checked(given.app_dir.resolve(), given.url, given.key):
        print(finding, flush=True)
        failed |= finding.level == "problem"
    return int(failed)


def checked(folder: Path, url: str | None, key: str | None) -> Iterator[Finding]:
    app = read(folder)
    yield from offline(app)
    if url:
        yield from live.check(url, key)


def offline(app: Installation) -> Iterator[Finding]:
    for check in (*installation.CHECKS, *configuration.CHECKS):
        yield check(app)
    if app.settings is not None:
        for check_settings in configuration.OF_SETTINGS:
            yield check_settings(app.settings, app)


if __name__ == "__main__":
    sys.exit(main())
