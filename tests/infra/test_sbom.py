"""What a deployment consists of is listed, and a licence nobody knows is named."""

import re

import pytest

from tests.infra.test_workflows import TEXTS
from tests.support.app_process import ROOT
from tests.support.sbom import PINS, licence, table, unknown, vendored

BSD = "License :: OSI Approved :: BSD License"


@pytest.mark.parametrize(
    ("licenses", "terms", "new"),
    [
        ([{"license": {"id": "MIT"}}], "MIT", set()),
        ([{"license": {"name": BSD}}], "BSD-3-Clause", set()),
        (
            [{"license": {"id": "BSD-3-Clause"}}, {"license": {"name": BSD}}],
            "BSD-3-Clause",
            set(),
        ),
        (
            [{"expression": "MPL-2.0 AND (Apache-2.0 OR MIT)"}],
            "MPL-2.0 AND (Apache-2.0 OR MIT)",
            set(),
        ),
        ([{"license": {"id": "AGPL-3.0-only"}}], "AGPL-3.0-only", {"AGPL-3.0-only"}),
        (
            [{"expression": "MIT OR GPL-2.0-only"}],
            "MIT OR GPL-2.0-only",
            {"GPL-2.0-only"},
        ),
        ([{"license": {"name": "Ours"}}], "Ours", {"Ours"}),
        ([{"license": {}}], "", {"none"}),
        ([], "", {"none"}),
    ],
)
def test_a_licence_that_nobody_has_looked_at_is_named(
    licenses: list[dict[str, object]], terms: str, new: set[str]
) -> None:
    component = {"name": "package", "version": "1", "licenses": licenses}
    assert (licence(component), unknown(component)) == (terms, new)


def test_a_licence_that_a_package_has_in_words_alone_is_known() -> None:
    assert licence({"name": "tiktoken", "version": "1"}) == "MIT"


def test_what_the_pages_load_is_listed() -> None:
    listed = table(list(vendored()))
    folders = {path.name for path in (ROOT / "web/assets/vendor").iterdir()}
    assert {"marked.js", "highlight"} <= folders
    assert re.fullmatch(r"@highlightjs\S+ \S+: BSD-3-Clause\nmarked \S+: MIT\n", listed)


def test_a_release_has_the_list_and_the_tool_is_pinned() -> None:
    assert "- run: make sbom" in TEXTS["release.yml"]
    assert "dist/sbom.cdx.json dist/licenses.txt" in TEXTS["release.yml"]
    pins = PINS.read_text("utf-8").splitlines()[1:]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
