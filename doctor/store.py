"""The store that `STORE` names: whether it keeps, finds, compares and deletes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex

import store as engines
from doctor.app import Installation
from doctor.findings import Finding
from settings import Settings, SettingsError
from store import Conflict, Store, StoreError

REMEDIES = {
    "memory": "",
    "sqlite": "may the app write to that file and its folder, and is there room?",
    "storage": (
        "is the account right, and does the identity have the roles Storage Blob Data "
        "Contributor and Storage Table Data Contributor?"
    ),
    "redis": "does it run there, is the password right, and are scripts allowed?",
}

KEEP_SECONDS = 60.0
"""What the check leaves behind if it is ended in its midst goes by itself."""


def store(settings: Settings, app: Installation) -> Finding:
    """What is written to the store can be read, compared and deleted."""
    shown = settings.store_shown
    try:
        made = engines.build(settings)
    except SettingsError as exc:
        return Finding("problem", "store", str(exc))
    try:
        asyncio.run(_try(made))
    except StoreError as exc:
        return Finding("problem", "store", f"{shown}: {exc}: {REMEDIES[made.name]}")
    if not made.durable:
        text = f"{shown}: what it keeps is one process's, and gone with it"
        return Finding("ok", "store", text)
    return Finding("ok", "store", f"{shown}: it keeps, finds, compares and deletes")


async def _try(made: Store) -> None:
    """Raises `StoreError` at the first thing that is not as it should be."""
    name = f"doctor-{token_hex(8)}"
    try:
        await _document(made, name)
        await _log(made, name)
    finally:
        await made.close()


async def _document(made: Store, name: str) -> None:
    async with _step("write a document"):
        version = await made.put(name, "k", b"1", keep=KEEP_SECONDS)
    async with _step("read it"):
        found = await made.get(name, "k")
        if found is None or found.value != b"1":
            raise StoreError("it is not there")
    async with _step("replace it"):
        await made.put(name, "k", b"2", version=version, keep=KEEP_SECONDS)
        try:
            await made.put(name, "k", b"3", version=version, keep=KEEP_SECONDS)
        except Conflict:
            pass
        else:
            raise StoreError("versions are not compared")
    async with _step("delete it"):
        await made.delete(name, "k")
        if await made.list(name):
            raise StoreError("it is still there")


async def _log(made: Store, name: str) -> None:
    async with _step("add to a log"):
        await made.append(name, b"line\n", at=0, keep=KEEP_SECONDS)
    async with _step("read the log"):
        if await made.read(name, 0) != b"line\n":
            raise StoreError("it is not there")
    async with _step("delete the log"):
        await made.drop(name)


@asynccontextmanager
async def _step(what: str) -> AsyncIterator[None]:
    try:
        yield
    except Conflict:
        raise StoreError(f"cannot {what}: somebody else has changed it") from None
    except StoreError as exc:
        raise StoreError(f"cannot {what}: {exc}") from None
