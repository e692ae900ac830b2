"""Who may import whom; read from the source, so that a late import counts too."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_process import ROOT

OURS = {
    *("app", "azure_openai", "budgets", "chains", "compat", "devhost", "doctor"),
    "function_app",
    *("proxy", "registry", "runnables", "runs", "server", "settings", "store"),
    *("streaming", "telemetry"),
}

EVENTS = ("streaming.errors", "streaming.upstream_errors", "streaming.events")

# Of ours, then of others'. A longer name is looked up before the package it is in.
ALLOWED = {
    "settings": ([], ["pydantic", "pydantic_settings"]),
    "registry": ([], []),
    "compat": ([], ["starlette"]),
    "compat.langchain": ([], ["langchain_core"]),
    # A tool's call is read alike on our own wire.
    "compat.langchain_openai": (
        ["runs.tool_calls"],
        ["langchain_core", "langchain_openai"],
    ),
    "compat.openai_sdk": ([], ["openai"]),
    "streaming": (["registry"], ["orjson", "pydantic"]),
    "runs": (["store", "streaming"], ["orjson", "pydantic"]),
    "store": (["settings"], ["aiohttp", "azure", "redis"]),
    "budgets": (["runs", "settings", "store", "streaming"], []),
    "server": (["runs", "streaming"], ["orjson", "pydantic", "starlette"]),
    "azure_openai": (
        [
            *("runs.attempts", "runs.current", "runs.tokens", "runs.tool_calls"),
            *("settings", "streaming"),
        ],
        ["aiohttp", "azure.identity", "orjson", "pydantic"],
    ),
    "azure_openai.peek": (["runs.finish_reasons"], []),
    # The SDK takes half a second to import, and a proxied call needs none of it.
    "azure_openai.chunk_stream": ([], ["httpx2"]),
    "azure_openai.completions": ([], ["httpx2", "openai"]),
    "azure_openai.transport": ([], ["httpx2", "openai"]),
    "proxy": (
        ["azure_openai", "budgets", "runs", "server", "settings", "streaming"],
        ["msgspec", "orjson", "starlette"],
    ),
    # Which backend has a response is known to all processes.
    "proxy.kept": (["store"], []),
    "runnables": (
        [
            "azure_openai",
            *("compat.langchain", "compat.langchain_openai", "compat.langgraph"),
            "compat.openai_sdk",
            *("runs", "settings", "store"),
            *EVENTS,
            *("streaming.large", "streaming.requests"),
        ],
        ["langchain_core", "langchain_openai", "langgraph", "pydantic"],
    ),
    "runnables.checkpoint_documents": ([], ["orjson"]),
    # Its errors come with LangGraph.
    "runnables.pregel": ([], ["langgraph_sdk"]),
    "runnables.checkpointer": ([], ["aiosqlite", "psycopg", "psycopg_pool"]),
    # Whose errors LangChain's replace.
    "runnables.fast_stream": ([], ["openai"]),
    "runnables.responses": ([], ["openai"]),
    "runnables.errors": (["streaming.provider_errors"], []),
    # What the wires make of an answer, it has to fit.
    "runnables.paused": (["streaming.approvals"], []),
    "chains": (
        [
            "compat",
            "registry",
            "runnables",
            "runs",
            "settings",
            *EVENTS,
            "streaming.requests",
        ],
        ["langchain_core", "pydantic"],
    ),
    "chains.agent": ([], ["langchain", "langgraph"]),
    "chains.docs": ([], ["langchain_text_splitters", "pydantic", "pypdf"]),
    "telemetry": (["registry", "runs", "settings", *EVENTS], ["orjson"]),
    "telemetry.sinks.event_hubs": ([], ["azure.eventhub", "azure.identity"]),
    "telemetry.sinks.otel": ([], ["opentelemetry", "requests"]),
    "app": (
        [
            *("azure_openai", "budgets", "chains", "proxy", "runs", "server"),
            *("settings", "store", "streaming", "telemetry"),
            "runnables.checkpointer",
        ],
        ["pydantic", "starlette"],
    ),
    "app.openapi": ([], ["pydantic"]),
    "function_app": (
        ["app", "compat", "settings"],
        ["azure.functions", "azurefunctions"],
    ),
    "devhost": (
        [],
        [
            *("azure.functions", "azure_functions_runtime", "azurefunctions"),
            *("fastapi", "starlette", "uvicorn"),
        ],
    ),
    "devhost.banner": (["settings"], []),
    "devhost.summary": (["settings"], []),
    "devhost.ask": ([], ["httpx"]),
    "doctor": (
        ["app", "chains", "devhost.config", "devhost.errors", "settings", "store"],
        ["httpx"],
    ),
}

# Modules that may not import each other, except for what is the same in several: the
# chain `agent` searches what the chain `docs` has read.
SEPARATE = ["chains", "streaming.dialects", "telemetry.sinks"]
SAME_JSON = ("decode", "error", "headers", "normalize", "parse")
SAME_WIRES = ("openai.error", "ui_message.error", "ui_message.to_request")
SAME_DOCS = ("library.Library", "passages.Passage", "retriever.as_documents")
SHARED = {
    *(f"chains.docs.{name}" for name in SAME_DOCS),
    *(f"streaming.dialects.json.{name}" for name in SAME_JSON),
    *(f"streaming.dialects.{name}" for name in SAME_WIRES),
}


def sources() -> list[str]:
    names = []
    for top in OURS:
        path = ROOT / top
        files = path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]
        names += [file.relative_to(ROOT).as_posix() for file in files]
    return sorted(names)


def module_of(source: str) -> str:
    parts = Path(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str) -> Iterator[str]:
    """Each module imported anywhere in *source*, with the name taken from it."""
    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, packages: list[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def rules(module: str) -> tuple[list[str], list[str]]:
    parts = module.split(".")
    own = parts[0]
    ours, others = ALLOWED[own]
    for length in range(2, len(parts) + 1):
        more = ALLOWED.get(".".join(parts[:length]), ([], []))
        ours, others = ours + more[0], others + more[1]
    return [own, *ours], others


@pytest.mark.parametrize("source", sources())
def test_a_module_imports_only_what_its_package_may(source: str) -> None:
    ours, others = rules(module_of(source))
    for name in imports(source):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names:
            continue
        allowed = ours if top in OURS else others
        assert within(name, allowed), f"{source} may not import {name}"


@pytest.mark.parametrize("package", SEPARATE)
def test_siblings_do_not_import_each_other(package: str) -> None:
    folder = ROOT / package.replace(".", "/")
    public = {f"{package}.{each.stem}" for each in folder.glob("[!_]*")}
    for file in folder.rglob("*.py"):
        own = ".".join([package, *file.relative_to(folder).with_suffix("").parts[:1]])
        if own == f"{package}.__init__":
            continue
        for name in imports(file.relative_to(ROOT).as_posix()):
            forbidden = within(name, sorted(public - {own})) and name not in SHARED
            assert not forbidden, f"{own} imports {name}"


@pytest.mark.parametrize("source", sources())
def test_only_settings_read_the_environment(source: str) -> None:
    if source.startswith(("devhost/", "doctor/", "settings/")):
        return
    text = (ROOT / source).read_text(encoding="utf-8")
    assert "os.environ" not in text
    assert "getenv" not in text


@pytest.mark.parametrize("source", sources())
def test_a_module_is_one_noun_and_no_longer_than_it(source: str) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{source} does not say what it is"
    assert text.count("\n") <= 300
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= 50, f"{source}: {node.name} does not fit on a screen"


MOST_ANY = 54
"""The word `Any` in what is deployed: it may only fall, to 80."""


def deployed() -> list[str]:
    return [name for name in sources() if not name.startswith(("devhost/", "doctor/"))]


@pytest.mark.parametrize("source", sources())
def test_no_handler_catches_what_ends_the_process(source: str) -> None:
    for node in ast.walk(ast.parse((ROOT / source).read_text("utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "BaseException"
            assert not re.search(r"\bBaseException\b", caught), node.lineno


def test_the_function_app_is_small() -> None:
    assert (ROOT / "function_app.py").read_text("utf-8").count("\n") <= 40


def test_any_is_not_said_in_more_words() -> None:
    texts = [(ROOT / source).read_text("utf-8") for source in deployed()]
    assert sum(len(re.findall(r"\bAny\b", text)) for text in texts) <= MOST_ANY


@pytest.mark.parametrize("module", sorted((ROOT / "compat").glob("*.py")))
def test_a_patch_names_its_upstream_issue_or_says_that_none_is_known(
    module: Path,
) -> None:
    """An entry names its own, or the module's docstring says it of them all."""
    tree = ast.parse(module.read_text("utf-8"))
    if "No issue of theirs is known" in (ast.get_docstring(tree) or ""):
        return
    entries = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name != "apply"
    ]
    assert entries
    for entry in entries:
        said = ast.get_docstring(entry) or ""
        issue = re.search(r"See: https://github\.com/\S+/(issues|pull)/\d+", said)
        assert issue or "No issue" in said, f"{module.name}: {entry.name}"


def test_nor_is_a_module_of_tests_any_longer() -> None:
    files = (ROOT / "tests").rglob("*.py")
    own = [file for file in files if not {"node_modules", ".envs"} & {*file.parts}]
    assert len(own) > 100
    assert [f for f in own if f.read_text("utf-8").count("\n") > 300] == []


def test_a_class_has_a_name_of_its_own() -> None:
    """Whoever reads a name need not ask which one is meant."""
    found: dict[str, list[str]] = {}
    for source in sources():
        for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(source)
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def test_neither_langchain_nor_an_http_client_is_imported_at_start() -> None:
    """They take more than a second, which every cold start would pay."""
    code = (
        "import app, sys; app.App.warm = lambda app: None; import function_app; "
        "late = ('aiohttp', 'httpx2', 'langchain', 'openai'); "
        "print([name for name in sys.modules if name.startswith(late)])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert result.stdout.strip() == "[]"
