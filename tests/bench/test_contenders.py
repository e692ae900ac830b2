"""Who is measured, and what is said of whoever cannot be."""

import pytest

from bench import environments
from bench.__main__ import chosen
from bench.contenders import BASE, CHAIN, PASSTHROUGH, everyone
from bench.flame_graph import named

URL = "http://127.0.0.1:9"
OTHERS = ["LangServe", "SDK proxy", "LiteLLM"]
VARIANTS = ["two backends", "OpenTelemetry", "no records"]


def nothing(environment: str) -> bool:
    """Whether it is installed."""
    return False


def test_what_is_not_installed_is_skipped_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [each.name for each in chosen(everyone(URL), ["cost"], nothing)]
    assert found == [CHAIN, PASSTHROUGH, BASE, *VARIANTS]
    said = capsys.readouterr().out
    for name in OTHERS:
        assert f"SKIPPED {name}: not installed, see `make bench-envs`" in said


def test_variants_start_only_if_they_are_measured() -> None:
    found = [each.name for each in chosen(everyone(URL), ["single"], nothing)]
    assert found == [CHAIN, PASSTHROUGH, BASE]


def test_servers_start_only_if_what_is_measured_is_of_them() -> None:
    wires, memory = (
        [each.name for each in chosen(everyone(URL), [only], bool)]
        for only in ("wires", "memory")
    )
    assert wires == [CHAIN]
    assert memory == [CHAIN, PASSTHROUGH, BASE]


def test_every_other_server_has_an_environment_of_its_own() -> None:
    needs = {each.needs for each in everyone(URL) if each.name in OTHERS}
    assert needs | {"tools"} == {*environments.NAMES}


@pytest.mark.parametrize("environment", environments.NAMES)
def test_every_package_of_an_environment_is_pinned(environment: str) -> None:
    requirements = environments.requirements(environment).read_text("utf-8")
    lines = [line for line in requirements.splitlines() if not line.startswith("#")]
    assert lines
    assert all("==" in line for line in lines)


def test_a_server_is_profiled_by_its_name() -> None:
    assert named(everyone(URL), PASSTHROUGH).path.startswith("/openai/")
