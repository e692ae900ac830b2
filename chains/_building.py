"""Builds a chain: its module is imported, and LangChain with it."""

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import registry
from runnables.exits import contained
from runnables.places import raised_at
from settings import Settings
from streaming.errors import ChatError, NotConfigured

if TYPE_CHECKING:
    from runnables import Chain
    from runnables.prepared import Prepared

log = logging.getLogger(__name__)

_PACKAGE = sys.modules["chains"]
_ROOT = Path(__file__).parents[1]


def build(name: str, settings: Settings, *, tracebacks: bool) -> "Prepared":
    try:
        with contained:
            return _prepared(name, settings, tracebacks=tracebacks)
    except ChatError as error:
        log.warning("the chain %r cannot answer: %s", name, error)
        raise
    except Exception as exc:
        said, trace = _said(exc), exc if tracebacks else None
        log.error("the chain %r could not be loaded: %s", name, said, exc_info=trace)
        raise


def _said(exc: Exception) -> str:
    """What *exc* is, and where it was raised. Its text may hold a key, as that of
    pydantic does for settings; but not if it is about the code."""
    kind = type(exc).__qualname__
    text = f": {exc}" if isinstance(exc, ImportError | SyntaxError) else ""
    return f"{kind}{text} at {raised_at(exc.__traceback__)}"


def _prepared(name: str, settings: Settings, *, tracebacks: bool) -> "Prepared":
    # Both import LangChain.
    from compat import langchain
    from runnables.prepared import prepare

    langchain.apply()
    chain = _import(name, settings)
    return prepare(chain, tracebacks=tracebacks)


def _import(name: str, settings: Settings) -> "Chain":
    if target := settings.chains.get(name):
        from runnables import external

        return external.load(name, target, settings)
    from langchain_core.runnables import Runnable

    file = registry.source(_PACKAGE, name).relative_to(_ROOT).as_posix()
    build = getattr(registry.load(_PACKAGE, name), "build", None)
    if not callable(build):
        raise NotConfigured(f"{file}: there is no function `build(settings)` in it.")
    built: object = build(settings)
    if isinstance(built, Runnable):
        return built
    raise NotConfigured(
        f"{file}: build returned a {type(built).__name__}, expected a LangChain "
        "runnable."
    )
