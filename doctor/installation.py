"""What is installed, and the host's settings: checks that need no app settings."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from importlib.util import find_spec

from app import health
from app.invocation import Route
from app.routes import ROUTES
from doctor.app import Installation
from doctor.findings import Finding

OFTEN_MISSING = ("uvloop", "httptools")
"""Used if they are installed; without them everything works, but slower."""

SHADOWED = ("docs", "redoc", "openapi.json")
"""Paths at which the worker's own FastAPI app answers first."""

DEFAULT_TIMEOUT = "00:05:00"


def python(app: Installation) -> Finding:
    """The version that Azure is told is the one that runs here."""
    running = "{}.{}".format(*app.python)
    file = app.folder / ".python-version"
    asked = file.read_text(encoding="utf-8").strip() if file.exists() else "3.13"
    if running != asked:
        return Finding(
            "problem", "python", f"this is {running}: use {asked}, here and on Azure"
        )
    return Finding("ok", "python", f"{running}, as .python-version asks")


def packages(app: Installation) -> Finding:
    """Those installed are those that a deployment installs."""
    found = health.packages()
    pinned = dict(_pinned(app))
    missing = [name for name in pinned if name in health.PACKAGES and name not in found]
    other = [
        f"{name} {version}, not {pinned[name]}"
        for name, version in found.items()
        if pinned.get(name, version) != version
    ]
    shown = ", ".join(f"{name} {version}" for name, version in found.items())
    needed = sorted(set(missing) - set(OFTEN_MISSING))
    if needed:
        text = f"{', '.join(needed)} is missing: `make install`"
        return Finding("problem", "packages", text)
    if missing:
        text = f"{', '.join(missing)} is missing, which makes it slower: `make install`"
        return Finding("warning", "packages", text)
    if other:
        text = f"{'; '.join(other)}, as requirements.txt has it: `make install`"
        return Finding("warning", "packages", text)
    return Finding("ok", "packages", shown)


def _pinned(app: Installation) -> Iterator[tuple[str, str]]:
    file = app.folder / "requirements.txt"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    for match in re.finditer(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE):
        yield match[1], match[2]


def extension(app: Installation) -> Finding:
    """Without the FastAPI extension nothing streams."""
    name = "azurefunctions.extensions.http.fastapi"
    try:
        there = find_spec(name) is not None
    except ModuleNotFoundError:
        there = False
    if not there:
        text = f"{name} cannot be imported: put its package into requirements.txt"
        return Finding("problem", "extension", text)
    return Finding("ok", "extension", "the FastAPI extension is there")


def indexing(app: Installation) -> Finding:
    """Workers up to Python 3.12 stream only if a setting says so."""
    if app.python >= (3, 13):
        text = "PYTHON_ENABLE_INIT_INDEXING is not needed from Python 3.13 on"
        return Finding("ok", "indexing", text)
    if app.environ.get("PYTHON_ENABLE_INIT_INDEXING") != "1":
        text = "set PYTHON_ENABLE_INIT_INDEXING=1, or nothing streams on this Python"
        return Finding("problem", "indexing", text)
    return Finding("ok", "indexing", "PYTHON_ENABLE_INIT_INDEXING is 1")


def files(app: Installation) -> Finding:
    """`host.json` and `local.settings.json` can be read."""
    if error := app.errors.get("files"):
        return Finding("problem", "files", error)
    if not app.host:
        return Finding("problem", "files", "there is no host.json: Azure needs one")
    return Finding("ok", "files", "host.json and local.settings.json can be read")


def route_prefix(app: Installation) -> Finding:
    """Paths are as documented only without a prefix."""
    http = _section(_section(app.host, "extensions"), "http")
    prefix = http.get("routePrefix", "api")
    if prefix:
        text = (
            f'is {prefix!r} in host.json: set it to "", each path has its /api already'
        )
        return Finding("problem", "route prefix", text)
    return Finding("ok", "route prefix", "is empty")


def _section(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = parent.get(name)
    return found if isinstance(found, dict) else {}


def bundle(app: Installation) -> Finding:
    """The host's extensions are those that it supports."""
    version = str(_section(app.host, "extensionBundle").get("version", "none"))
    if not re.match(r"[\[(]4\.", version):
        text = f"its version is {version} in host.json: expected [4.*, 5.0.0)"
        return Finding("warning", "extension bundle", text)
    return Finding("ok", "extension bundle", version)


def function_timeout(app: Installation) -> Finding:
    """The host ends no run before it has ended itself."""
    name = "function timeout"
    given = str(app.host.get("functionTimeout", DEFAULT_TIMEOUT))
    if app.settings is None:
        return Finding("skipped", name, "the settings cannot be read")
    deadline = app.settings.request_deadline_seconds
    if given == "-1":
        return Finding("ok", name, "there is none")
    match = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d+):(\d+)", given)
    if match is None:
        text = (
            f"functionTimeout is {given!r} in host.json: expected {DEFAULT_TIMEOUT!r}"
        )
        return Finding("problem", name, text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    limit = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if limit.total_seconds() < deadline + 10:
        text = (
            f"{given} is too short for REQUEST_DEADLINE_SECONDS={deadline:g}: the host "
            "would end the run without a `done`; raise the one or lower the other"
        )
        return Finding("problem", name, text)
    return Finding("ok", name, f"{given}, over REQUEST_DEADLINE_SECONDS={deadline:g}")


def routes(app: Installation) -> Finding:
    """No route is one that the worker's own FastAPI app answers."""
    return shadowed(ROUTES)


def shadowed(routes: Iterable[Route]) -> Finding:
    """Whether the worker answers one of *routes* itself."""
    for route in routes:
        if route.path.split("/")[0] in SHADOWED:
            why = "the worker's own page is there: choose another path"
            return Finding("problem", "routes", f"/{route.path}: {why}")
    return Finding("ok", "routes", "none is under /docs, /redoc or /openapi.json")


def handlers(app: Installation) -> Finding:
    """One `func.HttpRequest`, and the worker hands it what the extension makes."""
    for node in ast.walk(app.source) if app.source else ():
        if isinstance(node, ast.Attribute) and node.attr in (
            "HttpRequest",
            "HttpResponse",
        ):
            text = (
                f"function_app.py:{node.lineno} uses func.{node.attr}: take Request "
                "and Response from azurefunctions.extensions.http.fastapi everywhere"
            )
            return Finding("problem", "handlers", text)
    return Finding("ok", "handlers", "all take the extension's Request")


CHECKS = (
    *(python, packages, extension, indexing, files, route_prefix, bundle),
    *(function_timeout, routes, handlers),
)
