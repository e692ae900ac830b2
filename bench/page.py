"""docs/performance.md: what is between its markers is written here."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench import environments, report
from bench.contenders import ROOT
from bench.progress import say
from bench.results import Results

PAGE = ROOT / "docs" / "performance.md"
PLOT = PAGE.with_suffix(".png")
END = "<!-- end -->"


def write(results: Results, path: Path = PAGE) -> bool:
    """Replace what *results* have; whether the plot is to be drawn, too."""
    text, written = path.read_text(encoding="utf-8"), parts(results)
    path.write_text(replaced(text, written), encoding="utf-8")
    return "compared" in written


def draw(figures: Path) -> None:
    """Draw the plot of *figures*; it says loudly if it cannot."""
    if not environments.installed("tools"):
        say("SKIPPED the plot: not installed, see `make bench-envs`")
        return
    python, plot = environments.program("tools"), ROOT / "bench" / "plot.py"
    subprocess.run([python, plot, figures, PLOT], check=True, timeout=120)


def replaced(text: str, written: Mapping[str, str]) -> str:
    """*text* with each of *written* between the markers of its name."""
    for name, part in written.items():
        begin = f"<!-- {name} -->"
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(END)
        if not (found and ended):
            raise ValueError(f"the page has no {begin} with {END} after it")
        text = f"{before}{begin}\n\n{part}\n\n{END}{after}"
    return text


def parts(results: Results) -> dict[str, str]:
    """The page's parts that there are figures for, by their markers' names."""
    compared, variants = report.tables(results)
    written = {}
    if results.figures.values.keys() >= {row.key for row in report.ROWS}:
        written["measured"] = measured(results)
        written["compared"] = report.markdown(compared)
        if variants:
            written["variants"] = report.markdown(variants)
    else:
        say("SKIPPED the page's tables: not everything was measured")
    if through_wires := report.through_wires(results.figures):
        written["wires"] = report.markdown(through_wires)
    if with_stores := report.with_stores(results.figures):
        written["stores"] = report.markdown(with_stores)
    if results.imports:
        written["imports"] = report.markdown(report.imports(results.imports))
    return written


def measured(results: Results) -> str:
    """When, where and with what."""
    made_of = [
        f"- {name}: {', '.join(packages)}"
        for name, packages in results.versions.items()
    ]
    return "\n".join([f"Measured on {results.date}: {results.machine}.", "", *made_of])
