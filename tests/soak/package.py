"""The package, installed from requirements.txt alone, on Azure's runtime: figures.

The runtime and its host are on Azure, and here in a folder of their own: what the app
needs and only development has would be missing.
"""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic

import httpx

from tests.support.app_process import FOREIGN, ROOT
from tests.support.package import build, unpack

RUNTIME = "azure-functions-runtime"
STARTS = 5
ANSWER = {"user": "How do I deploy this?", "chain": "docs"}


def main() -> int:
    with TemporaryDirectory() as name:
        home = Path(name)
        archive = build(home / "app.zip")
        app = unpack(archive, home / "app")
        python = install(app, home)
        print(f"package: {archive.stat().st_size:,} bytes, unpacked {size(app):,}")
        print(f"with what it needs: {size(home / 'venv'):,} bytes")
        print(f"installed: {freeze(python)} packages")
        starts = [start(python, app, home) for _ in range(STARTS)]
        for position, moment in enumerate(("health", "answer")):
            seconds = median(each[position] for each in starts)
            print(f"cold start to {moment}: {seconds:.2f} s, the median of {STARTS}")
    return 0


def install(app: Path, home: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", home / "venv"], check=True)
    python = home / "venv/bin/python"
    pip = [str(python), "-m", "pip", "install", "-qq"]
    subprocess.run([*pip, "--requirement", str(app / "requirements.txt")], check=True)
    runtime = f"{RUNTIME}=={version(RUNTIME)}"
    subprocess.run(
        [*pip, "--no-deps", "--target", str(home / "host"), runtime], check=True
    )
    shutil.copytree(ROOT / "devhost", home / "host/devhost")
    return python


def start(python: Path, app: Path, home: Path) -> tuple[float, float]:
    """Seconds from the start of the process to its health, and to an answer's end."""
    inherited = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    begun = monotonic()
    process = subprocess.Popen(
        [str(python), "-m", "devhost"],
        cwd=app,
        env={
            **inherited,
            "PORT": "0",
            "PYTHONPATH": str(home / "host"),
            "TELEMETRY_PATH": str(home / "journal"),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = listening(process)
        with httpx.Client(base_url=url, timeout=60) as client:
            client.get("/api/health").raise_for_status()
            healthy = monotonic() - begun
            answer = client.post("/api/chat", json=ANSWER).raise_for_status()
            assert "event: done" in answer.text
            return healthy, monotonic() - begun
    finally:
        process.terminate()
        process.communicate(timeout=15)


def listening(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if "Listening on " in line:
            return line.split("Listening on ")[1].split()[0]
    raise SystemExit("the package did not start")


def freeze(python: Path) -> int:
    command = [str(python), "-m", "pip", "list", "--format=freeze"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    return len(listed.stdout.splitlines())


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
