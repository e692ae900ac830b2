"""`python -m bench`: what this app costs, beside what else could be deployed.

All servers are up at once, each a process of its own, over one stand-in for Azure
OpenAI. It fails if something did not work, never for a number.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import environments, imports, machine, page, report
from bench.contenders import Contender, everyone
from bench.errors import BenchError
from bench.progress import say
from bench.quantities import QUANTITIES
from bench.results import Results
from bench.scale import FULL, QUICK, Scale
from bench.stage import stage
from bench.upstream import Upstream

FOLDER = Path(__file__).parent / "results"
IMPORTS = "imports"


def chosen(
    contenders: Sequence[Contender],
    only: Sequence[str],
    installed: Callable[[str], bool] = environments.installed,
) -> list[Contender]:
    """Those that can run and are needed; it says loudly which cannot."""
    found = []
    for each in contenders:
        measured_by = report.VARIED if each.variant else QUANTITIES
        if not any(_measures(name, each) for name in {*measured_by} & {*only}):
            continue
        if each.needs and not installed(each.needs):
            say(f"SKIPPED {each.name}: not installed, see `make bench-envs`")
        else:
            found.append(each)
    return found


def _measures(quantity: str, contender: Contender) -> bool:
    names = QUANTITIES[quantity].measured
    return names is None or contender.variant or contender.name in names


def measured(only: Sequence[str], scale: Scale) -> Results:
    """Everything that *only* names."""
    with Upstream() as upstream:
        contenders = chosen(everyone(upstream.url), only)
        with stage(contenders, upstream, scale) as set_up:
            for name in only:
                if name != IMPORTS:
                    say(f"measuring {name}")
                    QUANTITIES[name].measure(set_up)
    return Results(
        date=machine.today(),
        machine=machine.described(),
        versions=machine.versions(contenders),
        figures=set_up.figures,
        imports=imports.measure(scale.imports) if IMPORTS in only else {},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and leave no process behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = [*QUANTITIES, IMPORTS]
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--quick", action="store_true", help="to see that it works")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md")
    options = parser.parse_args(arguments)
    if options.quick and options.page:
        parser.error("--quick has no figures for the page")
    if not hasattr(os, "sched_setaffinity"):
        print("bench: needs Linux, whose /proc tells what CPU a process used.")
        return 1
    try:
        results = measured(options.only, QUICK if options.quick else FULL)
    except BenchError as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    publish(results, on_page=options.page)
    return 0


def publish(results: Results, *, on_page: bool) -> None:
    """Print the table, keep the JSON, and write the page if it is wanted."""
    print(f"\n{results.machine}\n")
    for table in (
        *report.tables(results),
        report.through_wires(results.figures),
        report.with_stores(results.figures),
        report.imports(results.imports),
    ):
        if len(table) > 1:
            print(f"{report.text(table)}\n", flush=True)
    FOLDER.mkdir(exist_ok=True)
    kept = FOLDER / "figures.json"
    kept.write_text(json.dumps(asdict(results), indent=1) + "\n")
    print(f"bench: the figures are in {kept}")
    if on_page and page.write(results):
        page.draw(kept)


if __name__ == "__main__":
    sys.exit(main())
