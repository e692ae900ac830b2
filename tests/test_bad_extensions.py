"""A chain or a dialect that is broken: it fails alone, and the log says why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import registry
from tests.support.app_process import AppProcess, read_events
from tests.support.copied_tree import copy_tree, python

HELLO = {"user": "hello"}
WORKS = '"""A chain."""\n\nfrom chains.docs import build\n\n__all__ = ["build"]\n'

CHAINS = {
    "broken": b'"""Not Python."""\n\ndef build(settings:\n',
    "latin_1": b'"""Gr\xfc\xdfe."""\n',
    "nothing": b"\0",
    "nested": b"x = " + b"(" * 5000 + b")" * 5000,
    "surrogate": b'"""A half: \\ud83d."""\n',
    "exits": b'"""A script."""\n\nimport sys\n\nsys.exit(1)\n',
    "function": b'"""A function."""\n\ndef build(settings):\n    return lambda x: x\n',
    "none": b'"""Returns nothing."""\n\ndef build(settings):\n    pass\n',
    "nameless": b'"""Has no build."""\n\ndef make(settings):\n    pass\n',
    "windows": b"\xef\xbb\xbf" + WORKS.replace("\n", "\r\n").encode(),
    "folder_beside": WORKS.encode(),
    "class": WORKS.encode(),
}
DIALECTS = {
    "broken": "def parse(",
    "raises": "raise LookupError('what is wrong')",
    "exits": "import sys\n\nsys.exit(1)",
    "empty": '"""Nothing yet."""',
    "half": "from streaming.dialects.json import encode, headers, keep_alive, parse",
    "no_error": "from streaming.dialects.json import encode, headers, keep_alive, "
    "parse\n\ndef error(error, request_id):\n    raise KeyError('what is wrong')",
}


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    """The app, beside whose own chains and dialects are all of those above."""
    tree = copy_tree(tmp_path_factory.mktemp("bad"))
    for name, code in CHAINS.items():
        (tree / f"chains/{name}.py").write_bytes(code)
    (tree / "chains/folder_beside").mkdir()
    for name, text in DIALECTS.items():
        (tree / f"streaming/dialects/{name}.py").write_text(text, encoding="utf-8")
    with AppProcess({}, cwd=tree) as server:
        server.warm()
        yield server


def test_every_chain_is_listed_whatever_is_in_its_file(bad: AppProcess) -> None:
    listed = bad.client.get("/api/chains")
    assert listed.status_code == 200, listed.text
    described = {each["name"]: each["description"] for each in listed.json()["chains"]}
    assert described.pop("docs").startswith("Answers from documents")
    assert {name: described[name.replace("_", "-")] for name in CHAINS} == {
        "broken": "could not be loaded",
        "latin_1": "could not be loaded",
        "nothing": "could not be loaded",
        "nested": "could not be loaded",
        "surrogate": "A half: \ufffd.",
        "exits": "A script.",
        "function": "A function.",
        "none": "Returns nothing.",
        "nameless": "Has no build.",
        "windows": "A chain.",
        "folder_beside": "A chain.",
        "class": "A chain.",
    }


@pytest.mark.parametrize(
    "path", ["/openai/v1/models", "/api/openapi.json", "/api/health?ready=1"]
)
def test_what_else_looks_at_them_all_answers(bad: AppProcess, path: str) -> None:
    assert bad.client.get(path).status_code == 200


@pytest.mark.parametrize("chain", ["docs", "windows", "folder-beside", "class"])
def test_a_chain_beside_them_answers(bad: AppProcess, chain: str) -> None:
    assert bad.events("hello", chain=chain)[-1][0] == "done"


@pytest.mark.parametrize(
    "chain", ["broken", "latin-1", "nothing", "nested", "surrogate", "exits"]
)
def test_a_chain_that_cannot_be_loaded_is_not_configured(
    bad: AppProcess, chain: str
) -> None:
    response = bad.chat("hello", chain=chain)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (503, "not_configured")
    expected = f"The chain {chain!r} could not be loaded; the log says why."
    assert error["message"] == expected
    bad.wait_for(f"the chain {chain!r} could not be loaded")


def test_the_log_names_the_line_and_who_imports_the_file(bad: AppProcess) -> None:
    bad.chat("hello", chain="exits")
    bad.wait_for(r"Exit at \S*/chains/exits\.py:5 < \S*/registry\.py:\d+ < ")


@pytest.mark.parametrize(
    ("chain", "kind"), [("function", "function"), ("none", "NoneType")]
)
def test_what_build_returns_is_named_if_it_is_no_runnable(
    bad: AppProcess, chain: str, kind: str
) -> None:
    response = bad.chat("hello", chain=chain)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (503, "not_configured")
    assert error["message"] == (
        f"chains/{chain}.py: build returned a {kind}, expected a LangChain runnable."
    )
    bad.wait_for(f"chains/{chain}.py: build returned a {kind}")


def test_a_file_without_build_is_named(bad: AppProcess) -> None:
    error = bad.chat("hello", chain="nameless").json()["error"]
    assert error["code"] == "not_configured"
    expected = "chains/nameless.py: there is no function `build(settings)` in it."
    assert error["message"] == expected
    bad.wait_for(
        r"WARNING chains\S* .*chains/nameless\.py: there is no function `build"
    )


@pytest.mark.parametrize("dialect", ["broken", "raises", "exits", "empty", "half"])
def test_a_dialect_that_cannot_be_loaded_is_not_configured(
    bad: AppProcess, dialect: str
) -> None:
    for _ in range(2):
        response = bad.client.post(f"/api/chat/{dialect}", json=HELLO)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (503, "not_configured")
        expected = f"The dialect {dialect!r} could not be loaded; the log says why."
        assert error["message"] == expected
    bad.wait_for(f"the dialect {dialect!r} (could not be loaded|has no function)")


def test_a_dialect_that_cannot_write_an_error_leaves_it_to_json(
    bad: AppProcess,
) -> None:
    refused = bad.client.post("/api/chat/no-error", json={"user": ""})
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "invalid_request"
    answer = bad.client.post("/api/chat/no-error", json=HELLO)
    assert read_events(answer)[-1][0] == "done"
    bad.wait_for("KeyError in a dialect")


@pytest.mark.parametrize(
    "name", ["my-dash.py", "a.b.py", "two words.py", "gr\xfc\xdfe.py", "upper.PY"]
)
def test_a_name_that_can_never_be_loaded_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    [problem] = registry.misnamed(tmp_path)
    assert (
        problem == f"{name!a}: a name has only letters, digits and _, and ends in .py"
    )


def test_a_package_may_be_misnamed_too_and_hide_a_file(tmp_path: Path) -> None:
    for name in ("my-dash", "both"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "both.py").touch()
    assert list(registry.misnamed(tmp_path)) == [
        "'both.py': it is beside both/, which is loaded instead",
        "'my-dash': a name has only letters, digits and _",
    ]


def test_what_is_no_module_may_have_any_name(tmp_path: Path) -> None:
    for name in ("READ-ME.md", "._haiku.py", ".#haiku.py", "_my-own.py", "two_3.py"):
        (tmp_path / name).touch()
    (tmp_path / "my-prompts").mkdir()
    (tmp_path / "two_3").mkdir()
    assert list(registry.misnamed(tmp_path)) == []


@pytest.mark.parametrize("folder", ["chains", "streaming/dialects", "telemetry/sinks"])
def test_a_misnamed_file_is_refused_at_start(tmp_path: Path, folder: str) -> None:
    tree = copy_tree(tmp_path)
    (tree / folder / "my-dash.py").touch()
    done = python(tree, "-c", "import function_app")
    assert done.returncode != 0
    assert f"SettingsError: In {folder}, rename 'my-dash.py': " in done.stderr
    done = python(tree, "-m", "doctor")
    assert f"In {folder}, rename 'my-dash.py': " in done.stdout
