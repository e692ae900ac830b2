"""What a module says that it needs is read from its file, however it is written."""

from pathlib import Path
from types import ModuleType

import pytest

import chains
import registry
from chains import Chains
from settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ('NEEDS = ("json", "no_such_package")', ("json", "no_such_package")),
        ('NEEDS: list[str] = ["a.b"]', ("a.b",)),
        ('NEEDS = ("a", 1, name)', ("a",)),
        ('NEEDS = "json"', ()),
        ("NEEDS: tuple[str, ...]", ()),
        ("NEEDS = (", ()),
        ("raise SystemExit", ()),
    ],
)
def test_needs_are_read_without_importing(
    tmp_path: Path, line: str, needed: tuple[str, ...]
) -> None:
    (tmp_path / "one.py").write_text(f"{line}\nraise_when_imported\n")
    package = ModuleType("package")
    package.__path__ = [str(tmp_path)]
    assert registry.needs(package, "one") == needed


@pytest.mark.parametrize("package", ["no_such_package", "no_such.part", "", ".up"])
def test_a_chain_that_lacks_a_package_is_left_out_whatever_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str
) -> None:
    (tmp_path / "lacking.py").write_text(f"NEEDS = ({package!r}, 'json')\n")
    monkeypatch.setattr(chains, "__path__", [*chains.__path__, str(tmp_path)])
    registry.names.cache_clear()
    monkeypatch.setattr(registry, "source", lambda _, name: tmp_path / f"{name}.py")
    try:
        found = Chains(Settings())
        assert "lacking" not in found.names
        assert found.missing["lacking"].endswith(f"needs packages: {package}, json.")
        with pytest.raises(SettingsError, match="CHAT_CHAIN: The chain 'lacking'"):
            Chains(Settings(chat_chain="lacking"))
    finally:
        registry.names.cache_clear()
