"""`python -m tests.support.sbom FOLDER`: what is in a deployment, and its licences.

Installs requirements.txt alone, as a deployment does, and writes sbom.cdx.json, a
CycloneDX document, and licenses.txt. A licence that nobody has looked at is an error.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.app_process import ROOT

PINS = Path(__file__).with_name("sbom.txt")

Component = Mapping[str, Any]  # as CycloneDX has it in JSON

LOOKED_AT = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CNRI-Python", "ISC"),
    *("MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Python-2.0"),
}
"""All permissive, but for the MPL: who changes such a file publishes the change."""

NAMED = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""Names of licences in the words of PyPI's classifiers."""

IN_WORDS = {"protobuf": "BSD-3-Clause", "tiktoken": "MIT"}
"""Packages that have the licence's text alone."""


def licence(component: Component) -> str:
    """As an SPDX expression; empty if *component* names none."""
    found: dict[str, None] = {}
    for each in component.get("licenses", ()):
        stated = each.get("expression") or (
            each["license"].get("id") or each["license"].get("name", "")
        )
        found[NAMED.get(stated, stated)] = None
    return " AND ".join(found) or IN_WORDS.get(component["name"], "")


def unknown(component: Component) -> set[str]:
    """What of the licence nobody has looked at."""
    words = set(re.findall(r"[^\s()]+", licence(component))) - {"AND", "OR", "WITH"}
    return (words or {"none"}) - LOOKED_AT


def vendored() -> Iterator[Component]:
    """What the pages load, which is of npm and in this repository."""
    file = ROOT / "web/assets/vendor/versions.json"
    for each in json.loads(file.read_text("utf-8")):
        purl = f"pkg:npm/{each['package'].replace('@', '%40')}@{each['version']}"
        yield {
            "bom-ref": purl,
            "type": "library",
            "name": each["package"],
            "version": each["version"],
            "purl": purl,
            "licenses": [{"license": {"id": each["license"]}}],
        }


def table(components: Sequence[Component]) -> str:
    rows = sorted((each["name"], each["version"], licence(each)) for each in components)
    return "".join(f"{name} {version}: {terms}\n" for name, version, terms in rows)


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with TemporaryDirectory() as home:
        app = _installed(Path(home) / "app", ROOT / "requirements.txt")
        tool = _installed(Path(home) / "tool", PINS, "--no-deps")
        document = json.loads(_described(app, tool))
    document["components"] += vendored()
    (folder / "sbom.cdx.json").write_text(json.dumps(document, indent=1), "utf-8")
    (folder / "licenses.txt").write_text(table(document["components"]), "utf-8")
    print(f"{len(document['components'])} components: {folder}/sbom.cdx.json")
    new = {each["name"]: unknown(each) for each in document["components"]}
    if bad := {name: terms for name, terms in new.items() if terms}:
        raise SystemExit(f"Look at these licences: {bad}")


def _installed(folder: Path, requirements: Path, *options: str) -> Path:
    """The Python of a new environment with *requirements*."""
    venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(venv, check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq"]
    given = [*options, "--requirement", str(requirements)]
    subprocess.run([*pip, *given], check=True)
    return python


def _described(app: Path, tool: Path) -> bytes:
    about = ["--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible"]
    done = subprocess.run(
        [str(tool), "-m", "cyclonedx_py", "environment", *about, str(app)],
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
