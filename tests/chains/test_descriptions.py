"""What `/api/chains` says of the chains that `CHAINS` names."""

from pathlib import Path

import pytest

from chains import Chains
from settings import Settings

SOURCE = '''\
"""Chains of a shop.

More of them.
"""

raise ImportError("nothing may import it to read what it says")

priced = prompt | model
"""Says what a thing costs.

In euros.
"""

typed: Runnable = priced
"""
    Says it with a type.
"""

plain = 1
other = plain

def built(settings):
    """Is built of the settings."""

async def answering(question):
    """Answers by itself."""

class Chain:
    """Is a class."""

    chain = 1

def undocumented():
    return 1
'''

SAID = {
    "priced": "Says what a thing costs.",
    "typed": "Says it with a type.",
    "built": "Is built of the settings.",
    "answering": "Answers by itself.",
    "Chain": "Is a class.",
    "plain": "Chains of a shop.",
    "other": "Chains of a shop.",
    "undocumented": "Chains of a shop.",
    "Chain.chain": "Chains of a shop.",
    "absent": "Chains of a shop.",
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def description(target: str) -> str:
    return Chains(Settings(chains={"mine": target})).describe("mine")


@pytest.mark.parametrize("attribute", SAID)
@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("shop_alone.py", "shop_alone"),
        ("shop_package/__init__.py", "shop_package"),
        ("shop_namespace/inner/prices.py", "shop_namespace.inner.prices"),
        ("shop_folder/prices/__init__.py", "shop_folder.prices"),
    ],
)
def test_a_chain_is_described_by_its_docstring_without_being_imported(
    path: Path, file: str, module: str, attribute: str
) -> None:
    (path / file).parent.mkdir(parents=True, exist_ok=True)
    (path / file).write_text(SOURCE)
    assert description(f"{module}:{attribute}") == SAID[attribute]


@pytest.mark.parametrize("source", ["chain = 1\n", "chain = (\n", '"""\n\n"""\n', ""])
def test_without_a_docstring_it_is_described_by_its_place(
    path: Path, source: str
) -> None:
    (path / "shop_silent.py").write_text(source)
    assert description("shop_silent:chain") == "shop_silent:chain"


@pytest.mark.parametrize("module", ["sys", "json.absent", "shop_none.absent"])
def test_what_has_no_source_is_described_by_its_place(path: Path, module: str) -> None:
    (path / "shop_none.py").write_text("chain = 1")
    assert description(f"{module}:chain") == f"{module}:chain"
