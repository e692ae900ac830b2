"""The table: a row a quantity, a column a server, each number with its ratio."""

from collections.abc import Mapping, Sequence

from bench.contenders import BASE, CHAIN
from bench.figures import Figures, Row
from bench.quantities import QUANTITIES, stores, wires
from bench.results import Results
from bench.stage import UPSTREAM

NOTHING = "-"

ROWS = [
    row
    for each in QUANTITIES.values()
    for row in each.rows
    if each.rows not in (wires.ROWS, stores.ROWS)
]
"""Those of the table of this app beside others."""

PACKAGES = 12
"""How many are shown of those that importing the app imports."""

VARIED = ("cost", "paced")
"""The quantities that variants of this app are measured by."""


def tables(results: Results) -> tuple[list[list[str]], list[list[str]]]:
    """This app beside others; and its variants beside it."""
    figures = results.figures
    everyone = {name for row in ROWS for name in figures.values.get(row.key, ())}
    compared = [name for name in results.versions if name in everyone]
    if UPSTREAM in everyone:
        compared.append(UPSTREAM)
    variants = sorted(everyone - {*compared, UPSTREAM})
    varied = [row for name in VARIED for row in QUANTITIES[name].rows]
    beside = cells(figures, ROWS, compared)
    inside = cells(figures, varied, [CHAIN, *variants], base=CHAIN) if variants else []
    return beside, inside


def through_wires(figures: Figures) -> list[list[str]]:
    """The chain through each wire; no line if that was not measured."""
    names = [wire.name for wire in wires.WIRES]
    lines = cells(figures, wires.ROWS, names, base=wires.NATIVE)
    return lines if len(lines) > 1 else []


def with_stores(figures: Figures) -> list[list[str]]:
    """The chain with each engine; no line if that was not measured."""
    found = [*figures.values.get(stores.ROWS[0].key, ())]
    lines = cells(figures, stores.ROWS, found, base=stores.NONE)
    return lines if len(lines) > 1 else []


def imports(spent: Mapping[str, float]) -> list[list[str]]:
    """The dearest packages, and all together, in milliseconds; no line if none."""
    if not spent:
        return []
    dearest = [[f"`{name}`", f"{ms:.0f}"] for name, ms in spent.items()][:PACKAGES]
    return [["package", "ms"], *dearest, ["all", f"{sum(spent.values()):.0f}"]]


def cells(
    figures: Figures, rows: Sequence[Row], servers: Sequence[str], *, base: str = BASE
) -> list[list[str]]:
    """The heading, and a line for each of *rows* of which there is any number."""
    lines = [["", *servers]]
    for row in rows:
        if figures.values.get(row.key):
            numbers = [number(figures, row, each, base=base) for each in servers]
            lines.append([row.title, *numbers])
    return lines


def number(figures: Figures, row: Row, server: str, *, base: str = BASE) -> str:
    """As `57.1 (0.16)`: the ratio is to *base*'s."""
    value, whole = figures.get(row.key, server), figures.get(row.key, base)
    if value is None:
        return NOTHING
    least = "≥ " if server in figures.at_least.get(row.key, []) else ""
    shown = f"{least}{value:,.{row.digits}f}"
    if server == base or not whole:
        return shown
    return f"{shown} ({least}{value / whole:.2f})"


def text(lines: Sequence[Sequence[str]]) -> str:
    """Aligned, for a terminal."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(_aligned(line, widths) for line in lines)


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """As a table of a page."""
    heading, *rest = [f"| {' | '.join(line)} |" for line in lines]
    rule = "|".join(["---", *["---:"] * (len(lines[0]) - 1)])
    return "\n".join([heading, f"|{rule}|", *rest])


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *numbers = (
        f"{cell:<{width}}" if i == 0 else f"{cell:>{width}}"
        for i, (cell, width) in enumerate(zip(line, widths, strict=True))
    )
    return "  ".join((f"  {first}", *numbers)).rstrip()
