"""README is short, and it and the pages of `docs` lead to each other."""

import re
from pathlib import PurePosixPath

import pytest

from chains.docs import folder
from tests.support.app_process import AppProcess
from tests.support.markdown import (
    PAGES,
    README,
    ROOT,
    anchors,
    blocks,
    files,
    links,
    quoted,
    table,
)

MOST_LINES = 180
MOST_DECISIONS = 12
OTHERS = ["CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
TEXTS = {**PAGES, **{name: (ROOT / name).read_text("utf-8") for name in OTHERS}}

# Each kind has its tests: `sh` in test_commands, `json` and what has no language in
# test_shown, `python` in test_examples, `py` in test_sdk_example, `js` in test_reader,
# `html` in test_page, `mjs` in test_client_page and tests/clients, `jsx` in
# tests/clients, `kql` in tests/infra and `promql` in tests/telemetry/test_metrics.
TRIED = {"", "html", "js", "json", "jsx", "kql", "mjs", "promql", "py", "python", "sh"}

# Named in prose, and made by who follows it.
MADE_LATER = {"local.settings.json", "chat.js", ".venv", "my_graph.py"}
MADE_LATER |= {"sbom.cdx.json", "dist/sbom.cdx.json", "dist/licenses.txt"}


def target(page: str, link: str) -> str:
    """The file that *link* leads to on *page*, from the project's root."""
    path = link.partition("#")[0]
    if not path:
        return page
    joined = ROOT.joinpath(PurePosixPath(page).parent, path).resolve()
    return joined.relative_to(ROOT).as_posix()


def test_readme_is_a_door_and_not_the_house() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_readmes_table_leads_to_every_page() -> None:
    cells = [cell for row in table("Documentation", README) for cell in row]
    linked = {target("README.md", link) for link in links("\n".join(cells))}
    assert PAGES.keys() - linked == {"README.md"}


def test_the_decisions_fit_on_a_dozen_pages() -> None:
    decisions = [page for page in PAGES if page.startswith("docs/decisions/")]
    assert 0 < len(decisions) <= MOST_DECISIONS


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in links(TEXTS[page]):
        if "://" not in link:
            path, anchor = target(page, link), link.partition("#")[2]
            assert (ROOT / path).exists(), link
            assert not anchor or anchor in anchors(TEXTS[path]), link


def test_every_code_is_of_a_kind_that_a_test_tries() -> None:
    untried = [str(block) for block in blocks() if block.language not in TRIED]
    assert untried == []
    marks = re.findall(r"^ *(?:```|~~~)", "\n".join(PAGES.values()), re.MULTILINE)
    assert len(marks) == 2 * len(blocks())


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    text = TEXTS[page]
    named = {
        name
        for name in [*quoted(text), *re.findall(r"\b[A-Z]+\.md\b", text)]
        if re.fullmatch(
            r"[\w./-]+\.(py|md|json|toml|txt|js|example)|[\w.]+/[\w./]*", name
        )
    }
    anywhere = {path.name for path in ROOT.glob("[!.]*/**/*.py")}
    for name in named - MADE_LATER - files().keys():
        if not name.startswith("/"):
            exists = (ROOT / name).exists() or name in anywhere
            assert exists, f"{page} names {name}, which does not exist"


def test_the_table_of_endpoints_has_every_route(offline: AppProcess) -> None:
    pages = ("docs/requests.md", "docs/langgraph.md")
    rows = [row for page in pages for row in table("Endpoints", PAGES[page])]
    shown = {
        (method, path)
        for paths, methods, _ in rows
        for path in quoted(paths)
        for method in methods.split(", ")
    }
    assert shown == {
        (method, path.replace("/api/openai/", "/openai/"))
        for method, path in offline.routes()
    }


def test_the_chain_docs_answers_from_every_page() -> None:
    read = {passage.path for passage in folder.read(None).passages}
    assert read == {*PAGES, "SECURITY.md"}
