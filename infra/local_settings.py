"""Fills in local.settings.json with what `azd` has provisioned.

A hook of `azd`; only Python's own library is needed. What a developer has set stays.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "local.settings.json"
EXAMPLE = ROOT / "local.settings.json.example"

SECONDS = 60


class Group(NamedTuple):
    """Outputs of main.bicep that belong together, and settings that exclude them."""

    outputs: tuple[str, ...]
    rivals: tuple[str, ...]


# A run here keeps its store to itself.
GROUPS = (
    Group(
        ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_BACKENDS"),
        ("AZURE_OPENAI_BASE_URL", "OpenAIEndpoint", "OPENAI_BASE_URL"),
    ),
    Group(
        ("AZURE_EVENTHUB_NAMESPACE", "AZURE_EVENTHUB_NAME"),
        ("AZURE_EVENTHUB_CONN_STR",),
    ),
)


def main() -> None:
    values, document = _provisioned(), _document()
    settings = document["Values"]
    wrote = False
    for group in GROUPS:
        given = {name: values[name] for name in group.outputs if values.get(name)}
        if all(settings.get(name) == value for name, value in given.items()):
            continue
        names = ", ".join(given)
        if own := ", ".join(_set_otherwise(group, settings, given)):
            print(f"{FILE.name} keeps its {own}: blank that to have azd's {names}")
        else:
            settings.update(given)
            print(f"{FILE.name} has azd's {names}")
            wrote = True
    if wrote:
        FILE.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    else:
        print(f"{FILE.name} was left as it is")


def _set_otherwise(
    group: Group, settings: Mapping[str, str], given: Mapping[str, str]
) -> Iterator[str]:
    """The names of *group* that *settings* set to something else than *given*."""
    for name in (*group.outputs, *group.rivals):
        if settings.get(name) and settings[name] != given.get(name):
            yield name


def _provisioned() -> dict[str, str]:
    """The values of azd's environment alone: the shell's may be for something else."""
    command = ["azd", "env", "get-values", "--output", "json"]
    try:
        done = subprocess.run(  # noqa: S603 -- nothing in it comes from elsewhere
            command, cwd=ROOT, capture_output=True, timeout=SECONDS, check=True
        )
        values: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as exc:
        sys.exit(f"{' '.join(command)} failed ({type(exc).__name__})")
    return values


def _document() -> dict[str, dict[str, str]]:
    source = FILE if FILE.exists() else EXAMPLE
    try:
        # Editors on Windows put a byte order mark in front.
        document: dict[str, dict[str, str]] = json.loads(source.read_text("utf-8-sig"))
        document.setdefault("Values", {}).items()
    except (ValueError, AttributeError):
        sys.exit(f"{source.name} holds no JSON settings, and was left as it is")
    return document


if __name__ == "__main__":
    main()
