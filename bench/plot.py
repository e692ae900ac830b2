"""The plot of docs/performance.md: `python bench/plot.py FIGURES PNG`.

It runs in the tools' environment, which has matplotlib and nothing of this project.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("agg")
from matplotlib import pyplot

SHOWN = {
    "cost.answer": "CPU of an answer of 300 tokens, ms",
    "paced.token": "CPU per token, one every 20 ms, µs",
    "single.added": "added to the first token, ms",
    "carried.callers": "callers carried by one core",
}
OURS = ("chain", "passthrough")
UPSTREAM = "upstream"
OUR_COLOR, OTHER_COLOR = "#0b7285", "#adb5bd"


def draw(values: Mapping[str, Mapping[str, float]], png: Path) -> None:
    """A group of bars for each quantity that there are figures of."""
    compared = [*values.get("single.added", values.get("paced.token", {}))]
    shown = [key for key in SHOWN if key in values]
    figure, axes = pyplot.subplots(
        1, len(shown), figsize=(3.3 * len(shown), 2.4), sharey=True, squeeze=False
    )
    for key, each in zip(shown, axes[0], strict=True):
        servers = [name for name in reversed(compared) if name in values[key]]
        colors = [OUR_COLOR if name in OURS else OTHER_COLOR for name in servers]
        numbers = [round(values[key][name], 1) for name in servers]
        bars = each.barh(servers, numbers, color=colors)
        each.bar_label(bars, fmt="{:,.4g}", padding=3, fontsize=8)
        each.set_title(SHOWN[key], fontsize=9)
        each.margins(x=0.25)
        each.tick_params(labelsize=8)
        each.xaxis.set_visible(False)
        each.spines[["top", "right", "bottom"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(png, dpi=120)


def main() -> int:
    figures, png = map(Path, sys.argv[1:])
    draw(json.loads(figures.read_text(encoding="utf-8"))["figures"]["values"], png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
