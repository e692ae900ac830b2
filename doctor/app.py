"""The app under inspection: its files, its environment, and its settings."""

import ast
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import settings
from chains import Chains
from devhost import config
from devhost.errors import StartError
from settings import Settings, SettingsError


@dataclass(frozen=True, slots=True)
class Installation:
    """The readable parts of an app; an unreadable part is `None` or empty, with an
    error."""

    folder: Path
    python: tuple[int, int]
    environ: Mapping[str, str] = field(repr=False)
    host: Mapping[str, object]
    source: ast.Module | None
    settings: Settings | None
    errors: Mapping[str, str]
    """For each part that could not be read, the reason in words safe to show."""


def read(folder: Path) -> Installation:
    """Read the app in *folder*; like the host, add `local.settings.json` to the
    environment.
    """
    errors: dict[str, str] = {}
    try:
        os.environ.update(config.load(folder, os.environ).settings)
    except StartError as exc:
        errors["files"] = str(exc)
    loaded = None
    try:
        loaded = settings.load()
        Chains(loaded)
    except SettingsError as exc:
        errors["settings"] = str(exc)
    return Installation(
        folder=folder,
        python=sys.version_info[:2],
        environ=dict(os.environ),
        host=_host(folder),
        source=_source(folder),
        settings=loaded,
        errors=errors,
    )


def _host(folder: Path) -> Mapping[str, object]:
    try:
        found = json.loads((folder / "host.json").read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _source(folder: Path) -> ast.Module | None:
    try:
        return ast.parse((folder / "function_app.py").read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None
