"""Which names are taken: those of this app at the root, and what an extension may be
called."""

from pathlib import Path

import registry
from settings import SettingsError

_ROOT = Path(__file__).parents[1]

OURS = (
    *(
        "app",
        "azure_openai",
        "budgets",
        "chains",
        "compat",
        "function_app",
        "proxy",
        "registry",
    ),
    *("runnables", "runs", "server", "settings", "store", "streaming", "telemetry"),
)
"""The names at the root that are this app's: a chain's module needs another."""

EXTENDED = ("chains", "streaming/dialects", "telemetry/sinks")
"""The folders in which each module is found by its file's name."""


def check_files() -> None:
    """Raise `SettingsError` for a file that Python would pass over, or not find."""
    # Python imports the folder and passes over the file, without a word.
    for name in OURS:
        folder = _ROOT / name / "__init__.py"
        if folder.exists() and (_ROOT / f"{name}.py").exists():
            raise SettingsError(
                f"{name}.py is beside {name}/, and one of them is this app's own: "
                "rename the other"
            )
    for extended in EXTENDED:
        for problem in registry.misnamed(_ROOT / extended):
            raise SettingsError(f"In {extended}, rename {problem}")
