"""All that a run has found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figures


@dataclass(frozen=True, slots=True)
class Results:
    """As `results/figures.json` has them."""

    date: str
    machine: str
    versions: Mapping[str, Sequence[str]]
    figures: Figures
    imports: Mapping[str, float]
    """Milliseconds of `import function_app` by package, the dearest first."""
