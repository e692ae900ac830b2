"""The package that is deployed has the app, and nothing of its workshop."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.app_process import ROOT, AppProcess
from tests.support.markdown import PAGES
from tests.support.package import build, packaged, unpack

DEPLOYED = {
    *("app", "azure_openai", "budgets", "chains", "compat", "docs", "proxy"),
    *("runnables", "runs", "server", "settings", "store", "streaming", "telemetry"),
    "web",
    *("function_app.py", "registry.py", "host.json", "requirements.txt"),
    *(".python-version", "CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md"),
}
"""Everything at its root: a new name is either added here or to `.funcignore`."""

MOST_BYTES = 2_500_000


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return unpack(build(folder / "app.zip"), folder / "app")


def test_at_the_root_is_what_is_deployed_and_nothing_else() -> None:
    assert {name.partition("/")[0] for name in packaged()} == DEPLOYED


def test_it_is_small(tmp_path: Path) -> None:
    archive = build(tmp_path / "app.zip")
    with zipfile.ZipFile(archive) as zipped:
        unpacked = sum(each.file_size for each in zipped.infolist())
    assert archive.stat().st_size < MOST_BYTES / 2
    assert unpacked < MOST_BYTES


def test_the_chain_docs_answers_from_every_page_of_it(package: Path) -> None:
    script = (
        "from chains.docs import folder; "
        "print(*sorted({each.path for each in folder.read(None).passages}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=package,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == sorted([*PAGES, "SECURITY.md"])


def test_it_answers_on_the_runtime_of_azure(package: Path) -> None:
    """With the packages of this environment; `make soak ARGS=package` has its own."""
    with AppProcess({"PYTHONPATH": str(ROOT)}, cwd=package) as server:
        server.warm()
        assert server.client.get("/api/health").status_code == 200
        answer = server.chat("How do I deploy this?").text
        assert "docs/deploy.md" in answer or "Deploy" in answer
