"""Everything LangChain: which chains there are, and how one's answer becomes events.

A module here is a chain: `build(settings)` gives the runnable, and the file's name is
the chain's. LangChain itself is imported with the first chain that is used, off the
event loop.
"""

import ast
import asyncio
import logging
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import registry
from chains._exits import contained
from settings import Settings, SettingsError
from streaming.errors import ChatError, NotConfigured, UnknownChain
from streaming.events import Event, Progress
from streaming.requests import ChatRequest

if TYPE_CHECKING:
    from langchain_core.callbacks.base import BaseCallbackHandler

    from chains._runnable import Chain

log = logging.getLogger(__name__)

_PACKAGE = sys.modules[__name__]
_chains: "dict[str, Future[Chain]]" = {}
_lock = threading.Lock()
# A chain that is slow to build holds up neither the others nor the loop's own threads.
_builders = ThreadPoolExecutor(thread_name_prefix="chain")


def names(settings: Settings) -> list[str]:
    """The chains there are: this package's, then those `CHAINS` brings."""
    return [*registry.names(_PACKAGE), *settings.chains]


def check(settings: Settings) -> None:
    """Raise `SettingsError` for a chain setting that cannot work."""
    for name, target in settings.chains.items():
        if name in registry.names(_PACKAGE):
            raise SettingsError(f"CHAINS: {name!r} is the name of a built-in chain")
        package = target.partition(":")[0].partition(".")[0]
        if find_spec(package) is None:
            raise SettingsError(f"CHAINS: there is no module {package!r} to import")
    if settings.docs_path and not Path(settings.docs_path).exists():
        raise SettingsError("DOCS_PATH: there is no such file or folder")
    if settings.default_chain not in names(settings):
        raise SettingsError(
            f"CHAT_CHAIN: unknown chain {settings.default_chain!r}, "
            f"expected one of {names(settings)}"
        )


def find(name: str | None, settings: Settings) -> str:
    """The chain *name* stands for; raises `UnknownChain`, naming those there are."""
    name = name or settings.default_chain
    if name not in names(settings):
        raise UnknownChain(
            f"Unknown chain {name[:100]!r}, expected one of {names(settings)}."
        )
    return name


def describe(name: str, settings: Settings) -> str:
    """The first line of the chain's docstring, read without importing it."""
    if name in settings.chains:
        return settings.chains[name]
    source = Path(__file__).with_name(f"{name.replace('-', '_')}.py")
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def load(name: str, settings: Settings) -> "Chain":
    """Build the chain *name*, once per process. Blocks while LangChain is imported.

    Raises `NotConfigured`, naming the setting that is missing; the next tries anew.
    """
    return _building(name, settings).result()


def _building(name: str, settings: Settings) -> "Future[Chain]":
    with _lock:
        future = _chains.get(name)
        if future is None or (future.done() and future.exception()):
            future = _chains[name] = _builders.submit(_build, name, settings)
        return future


async def _loaded(name: str, settings: Settings) -> "Chain":
    future = _building(name, settings)
    if future.done():
        return future.result()
    # Others wait for it too: a caller who leaves does not cancel it.
    return await asyncio.shield(asyncio.wrap_future(future))


def _build(name: str, settings: Settings) -> "Chain":
    try:
        with contained:
            return _import(name, settings)
    except ChatError:
        raise
    except Exception:
        # Nothing has been asked yet that its text could hold.
        log.exception("the chain %r could not be loaded", name)
        raise


def _import(name: str, settings: Settings) -> "Chain":
    if target := settings.chains.get(name):
        from chains import _external

        return _external.load(name, target, settings)
    chain: Chain = registry.load(_PACKAGE, name).build(settings)
    return chain


def problem(settings: Settings) -> str | None:
    """Why the default chain cannot answer, if it cannot; loads nothing."""
    if settings.default_chain == "chat" and not settings.model_configured:
        return "not configured: set AZURE_OPENAI_ENDPOINT or OPENAI_BASE_URL"
    built = _chains.get(settings.default_chain)
    if built is None or not built.done() or not (error := built.exception()):
        return None
    return str(error) if isinstance(error, ChatError) else "could not be loaded"


async def ready(settings: Settings) -> str | None:
    """Why the default chain cannot answer, if it cannot, having loaded it."""
    try:
        await _loaded(settings.default_chain, settings)
    except Exception:
        return problem(settings) or "could not be loaded"
    return problem(settings)


def warm(settings: Settings) -> None:
    """Load the default chain; what fails is told to the first caller."""
    try:
        load(settings.default_chain, settings)
        import_module("chains._translate")
    except Exception as exc:
        log.warning("%s: %s", settings.default_chain, type(exc).__name__)


async def stream(
    name: str,
    request: ChatRequest,
    settings: Settings,
    *,
    progress: Progress,
    callbacks: "Callable[[], Sequence[BaseCallbackHandler]]",
) -> AsyncGenerator[Event]:
    """Run the chain *name* and give what it streams as events; raises only `ChatError`.

    *callbacks* are made when LangChain is loaded. `Usage`, `Error` and `Done` are not
    among the events: they are known to whoever listens to the callbacks.
    """
    try:
        chain = await _loaded(name, settings)
    except ChatError:
        raise
    except Exception:
        message = f"The chain {name!r} could not be loaded; the log says why."
        raise NotConfigured(message) from None
    from chains._translate import translate

    events = translate(chain, request, progress=progress, callbacks=callbacks())
    async with aclosing(events):
        async for event in events:
            yield event
