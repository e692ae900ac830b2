"""`CHECKPOINTER`: which saver graphs get, and what is said of one that cannot be."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import ValidationError

from runnables import checkpointer
from runnables.checkpointer import Checkpointer
from runnables.checkpoints import StoreSaver
from settings import Settings, SettingsError
from store.memory import MemoryStore
from streaming.errors import NotConfigured
from tests.support.kept_graphs import Conversation, text
from tests.support.waiting_chains import approval

HERE = "tests.runnables.test_checkpointer"

MADE = [f"{HERE}:{name}" for name in ("ready", "made", "awaited", "entered")]
closed: list[str] = []
ready = InMemorySaver()


def made() -> InMemorySaver:
    return InMemorySaver()


async def awaited() -> InMemorySaver:
    return InMemorySaver()


@asynccontextmanager
async def entered() -> AsyncGenerator[InMemorySaver]:
    yield InMemorySaver()
    closed.append("entered")


def wrong() -> str:
    return "no saver"


def failing() -> InMemorySaver:
    raise ValueError("the-secret")


def built(target: str | None) -> Checkpointer:
    settings = Settings.model_validate({"checkpointer": target} if target else {})
    return Checkpointer(settings, MemoryStore())


async def test_unset_it_is_the_store() -> None:
    assert isinstance(await built(None).saver(), StoreSaver)


@pytest.mark.parametrize(
    "target",
    ["memory", *(f"{HERE}:{n}" for n in ("ready", "made", "awaited", "entered"))],
)
async def test_it_is_made_once_and_closed_once(target: str) -> None:
    closed.clear()
    checkpointer = built(target)
    saver = await checkpointer.saver()
    assert isinstance(saver, InMemorySaver)
    assert await checkpointer.saver() is saver
    await checkpointer.close()
    assert closed == (["entered"] if target.endswith("entered") else [])


async def test_sqlite_keeps_a_conversation(tmp_path: Path) -> None:
    for answer in (None, "yes"):
        checkpointer = built(f"sqlite:{tmp_path}/kept.db")
        kept = Conversation(approval, await checkpointer.saver())
        if answer is None:
            await kept.say("Why?")
        else:
            assert text(await kept.resume(answer)) == "You said yes."
        await checkpointer.close()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (f"{HERE}:wrong", "test_checkpointer:wrong is a str, expected a BaseCheck"),
        (f"{HERE}:missing", "test_checkpointer:missing is a NoneType, expected"),
        (f"{HERE}:failing", "cannot be made: ValueError"),
    ],
)
async def test_what_cannot_be_made_is_not_configured(target: str, says: str) -> None:
    with pytest.raises(NotConfigured, match=r"CHECKPOINTER: ") as raised:
        await built(target).saver()
    assert says in raised.value.message
    assert "the-secret" not in raised.value.message


@pytest.mark.parametrize(
    "value", ["sqlite", "redis://x", "mysql://u:the-secret@h/d", "a.b"]
)
def test_a_value_of_no_kind_fails_at_start(value: str) -> None:
    with pytest.raises(
        ValidationError, match="expected 'memory', 'sqlite:PATH'"
    ) as raised:
        Settings.model_validate({"checkpointer": value})
    assert "the-secret" not in str(raised.value)


def test_a_password_is_masked() -> None:
    url = "postgres://user:the-secret@host/db"
    assert "the-secret" not in repr(Settings.model_validate({"checkpointer": url}))


def test_a_missing_module_fails_at_start() -> None:
    with pytest.raises(SettingsError, match="CHECKPOINTER: there is no module 'nope'"):
        built("nope.there:saver")


def test_a_missing_package_is_named_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_module(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(checkpointer, "find_spec", no_module)
    for target, package in (
        ("sqlite:kept.db", "langgraph-checkpoint-sqlite"),
        ("postgres://host/db", r"langgraph-checkpoint-postgres and psycopg\[binary\]"),
        ("memory", "langgraph"),
    ):
        with pytest.raises(SettingsError, match=f"CHECKPOINTER: install {package}"):
            built(target)
