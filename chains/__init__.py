"""The chains, and how a chain's answer becomes events.

A module here is a chain: `build(settings)` gives the runnable, and the file's name is
the chain's. LangChain itself is imported with the first chain that is used, off the
event loop.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

import registry
from chains._building import build
from chains._descriptions import described
from chains._files import OURS, check_files
from chains._threads import ThreadsOfChains
from runnables.checkpointer import Checkpointer
from runs import Run
from runs.threads import Threads
from settings import Settings, SettingsError
from streaming.errors import ChatError, NotConfigured, UnknownChain
from streaming.events import Event, Interrupt
from streaming.requests import ChatRequest

if TYPE_CHECKING:
    from runnables.checkpointer import AnySaver
    from runnables.prepared import Prepared

log = logging.getLogger(__name__)

_PACKAGE = sys.modules[__name__]
_ROOT = Path(__file__).parents[1]

BOUNDED = ("chat", "docs")
"""Chains that call only our own model, whose answers are cheaper to bound on the
wire."""

NOT_LOADED = "could not be loaded"


class Chains:
    """The chains of an app: this package's, then those that `CHAINS` adds.

    Each is built once, in a thread. With *tracebacks*, which may hold prompts, what a
    chain raises is logged whole. Raises `SettingsError` for a setting that cannot work.
    """

    def __init__(
        self,
        settings: Settings,
        checkpointer: Checkpointer | None = None,
        *,
        tracebacks: bool = False,
    ) -> None:
        check_files()
        self._checkpointer = checkpointer
        self._settings, self._tracebacks = settings, tracebacks
        self.missing = _missing(settings)
        ours = [name for name in _builtin(settings) if name not in self.missing]
        self.names = (*ours, *settings.chains)
        self._check()
        self._built: dict[str, Future[Prepared]] = {}
        self._lock = threading.Lock()
        # A chain that is slow to build holds up neither the others nor the event loop.
        self._builders = ThreadPoolExecutor(thread_name_prefix="chain")
        self._threads = ThreadsOfChains()

    @property
    def default(self) -> str:
        return self._settings.default_chain

    def _check(self) -> None:
        for name, target in self._settings.chains.items():
            if name in _builtin(self._settings):
                raise SettingsError(f"CHAINS: {name!r} is the name of a built-in chain")
            package = target.partition(":")[0].partition(".")[0]
            if package in OURS:
                raise SettingsError(
                    f"CHAINS: {target.partition(':')[0]!r} of {name!r} is named like "
                    f"this app's own {package!r}: rename it"
                )
            if find_spec(package) is None:
                raise SettingsError(f"CHAINS: there is no module {package!r} to import")
        path = self._settings.docs_path
        if path and not Path(path).exists():
            raise SettingsError(f"DOCS_PATH: there is no file or folder {path!r}")
        if self.default in self.missing:
            raise SettingsError(f"CHAT_CHAIN: {self.missing[self.default]}")
        if self.default not in self.names:
            raise SettingsError(
                f"CHAT_CHAIN: unknown chain {self.default!r}, "
                f"expected one of {list(self.names)}"
            )

    def find(self, name: str | None) -> str:
        """*name*, else the default.

        Raises `UnknownChain` with the names that exist, `NotConfigured` with the
        packages that the chain needs.
        """
        name = name or self.default
        if name in self.missing:
            raise NotConfigured(self.missing[name])
        if name not in self.names:
            raise UnknownChain(
                f"Unknown chain {name[:100]!r}, expected one of {list(self.names)}."
            )
        return name

    def describe(self, name: str) -> str:
        """The first line of the chain's docstring, read without importing it."""
        if target := self._settings.chains.get(name):
            return described(target) or target
        summary = registry.summary(_PACKAGE, name)
        return NOT_LOADED if summary is None else summary

    async def input_of(self, name: str) -> tuple[dict[str, object], list[str]]:
        """The JSON schema of its `inputs`, and what it takes of a caller's tools.

        Raises `NotConfigured` if it cannot be loaded.
        """
        chain = await self._found(name)
        return await asyncio.to_thread(chain.input.schema), sorted(chain.takes)

    def load(self, name: str) -> "Prepared":
        """Build the chain *name*, once. Blocks while LangChain is imported.

        Raises `NotConfigured`, naming what is missing; the next call tries again.
        """
        return self._building(name).result()

    def _building(self, name: str) -> "Future[Prepared]":
        with self._lock:
            future = self._built.get(name)
            if future is None or (future.done() and future.exception()):
                future = self._builders.submit(
                    build, name, self._settings, tracebacks=self._tracebacks
                )
                self._built[name] = future
            return future

    async def _loaded(self, name: str) -> "Prepared":
        future = self._building(name)
        if future.done():
            return future.result()
        # Others wait for it too: a caller who leaves does not cancel it.
        return await asyncio.shield(asyncio.wrap_future(future))

    async def _found(self, name: str) -> "Prepared":
        """The chain; raises only `ChatError`."""
        try:
            return await self._loaded(name)
        except ChatError:
            raise
        except Exception:
            message = f"The chain {name!r} could not be loaded; the log says why."
            raise NotConfigured(message) from None

    def problem(self) -> str | None:
        """Why the default chain cannot answer, if that is known."""
        if self.default == "chat" and not self._settings.model_configured:
            return "not configured: set AZURE_OPENAI_ENDPOINT or OPENAI_BASE_URL"
        built = self._built.get(self.default)
        if built is None or not built.done() or not (error := built.exception()):
            return None
        return str(error) if isinstance(error, ChatError) else NOT_LOADED

    async def ready(self) -> str | None:
        """Load the default chain and return why it cannot answer, if it cannot."""
        try:
            await self._loaded(self.default)
        except Exception:
            return self.problem() or NOT_LOADED
        return self.problem()

    def warnings(self) -> Mapping[str, str]:
        """What an operator should know of chains that are loaded, by their names."""
        found: dict[str, str] = {}
        for name, built in list(self._built.items()):
            if name in self._settings.chains or not built.done() or built.exception():
                continue
            if warning := getattr(built.result().chain, "warning", None):
                found[name] = warning
        return found

    def warm(self) -> None:
        """Load the default chain; the first caller gets an error, this only logs it.

        Whoever has set `DOCS_PATH` wants the documents read before they are asked for.
        """
        try:
            self.load(self.default)
            import_module("runnables.run")
        except Exception as exc:
            log.warning("%s: %s", self.default, type(exc).__name__)
        if self._settings.docs_path:
            self._building("docs")

    async def stream(
        self, name: str, request: ChatRequest, run: Run, threads: Threads
    ) -> AsyncGenerator[Event]:
        """Run the chain *name* on *request*, and fill in *run*.

        Raises only `ChatError`. `Usage`, `Error` and `Done` are not among the events:
        `runs.ending` makes them from *run* at the end.
        """
        self._threads.enter(name)
        chain = await self._found(name)
        from runnables.run import events_of

        if request.thread_id is not None:
            request = await threads.open(request, run, keeps=chain.keeps)
            run.admission.agree()
        saver = await self._saver(chain) if run.thread else None
        events = events_of(chain, request, run, bounded=name in BOUNDED, saver=saver)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _saver(self, chain: "Prepared") -> "AnySaver | None":
        if not chain.needs_saver or self._checkpointer is None:
            return None
        return await self._checkpointer.saver()

    async def kept(
        self, name: str, key: str, *, whole: bool = False
    ) -> tuple[JsonValue, list[Interrupt]]:
        """What the graphs of a chain keep on the thread *key*, and what is pending
        there.

        Messages are in OpenAI's shape, or *whole* in LangChain's. Raises only
        `ChatError`.
        """
        chain = await self._found(name)
        from runnables import visits

        saver = await self._saver(chain)
        return await visits.kept(chain.chain, key, saver, whole=whole)

    async def forget(self, name: str, key: str) -> None:
        """Delete what the graphs of a chain have kept on the thread *key*, unless the
        chain is gone."""
        if name not in self.names:
            return
        chain = await self._found(name)
        from runnables import visits

        await visits.forget(chain.chain, key, await self._saver(chain))

    async def keeps_state(self, name: str) -> bool:
        """Whether graphs of a chain keep the conversation of a thread."""
        return (await self._found(name)).keeps


def _builtin(settings: Settings) -> list[str]:
    """The chains of this package; one that needs more packages gives way to `CHAINS`.

    Otherwise an app whose own chain has that name would not start.
    """
    return [
        name
        for name in registry.names(_PACKAGE)
        if name not in settings.chains or not registry.needs(_PACKAGE, name)
    ]


def _missing(settings: Settings) -> dict[str, str]:
    """What to install, by the chains that need it; imports none of it."""
    found = {}
    for name in _builtin(settings):
        needed = registry.needs(_PACKAGE, name)
        if not all(map(_installed, needed)):
            found[name] = f"The chain {name!r} needs packages: {', '.join(needed)}."
    return found


def _installed(package: str) -> bool:
    try:
        # To find what is in a package, Python would import it.
        return find_spec(package.partition(".")[0]) is not None
    except ValueError:  # No name that a package can have.
        return False
