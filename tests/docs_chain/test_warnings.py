"""Who is told that there are no documents to answer from."""

import logging
import re
from pathlib import Path

import pytest

from chains import Chains
from chains.docs.quoting import NO_DOCUMENTS
from doctor import configuration, report
from doctor.app import read as inspect
from settings import Settings
from tests.support.app_process import AppProcess, text_of, until

TEXT = "# A page\n\nIt has words.\n"


def test_an_app_without_readable_documents_says_so_in_log_and_health(
    tmp_path: Path,
) -> None:
    (tmp_path / "picture.png").write_bytes(b"")
    says = (
        "no document can be read, is DOCS_PATH right? files read: 0, passages: 0, "
        "skipped: 1 (1 of another kind: picture.png)"
    )
    with AppProcess({"DOCS_PATH": str(tmp_path)}) as server:
        server.warm()
        server.wait_for(re.escape(f"documents: {says}"))

        def told() -> object:
            report = server.client.get("/api/health").json()
            assert report["status"] == "ok"
            return report["checks"]["warnings"]

        until(lambda: told() == {"docs": says})
        assert text_of(server.events("Is there anything?")) == NO_DOCUMENTS
        found = report.ready(report.loaded(server.client, keyed=False))
        assert (found.level, found.text) == ("warning", f"docs: {says}")


def test_documents_are_read_at_start_even_if_another_chain_is_the_default(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "page.md").write_text(TEXT)
    settings = Settings(
        docs_path=str(tmp_path),
        openai_base_url="http://127.0.0.1:1",
        openai_api_key="k",
        openai_model="m",
    )
    chains = Chains(settings)
    with caplog.at_level(logging.INFO):
        chains.warm()
        line = "documents: files read: 1 (1 .md), passages: 1, skipped: 0"
        until(lambda: line in caplog.messages)
    assert chains.warnings() == {}


def test_the_doctor_warns_of_a_folder_without_documents(tmp_path: Path) -> None:
    app = inspect(Path.cwd())
    settings = Settings(docs_path=str(tmp_path))
    found = configuration.documents(settings, app)
    assert (found.level, found.name) == ("warning", "documents")
    (tmp_path / "page.md").write_text(TEXT)
    assert configuration.documents(settings, app).level == "ok"
    assert configuration.documents(Settings(), app).level == "ok"
