"""Runnables from elsewhere, which `CHAINS=name=module:attribute` names."""

from functools import reduce
from importlib import import_module
from operator import itemgetter
from typing import Any

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import Runnable, RunnableLambda

from runnables.generator import Chain
from settings import Settings
from streaming.errors import NotConfigured


def load(name: str, target: str, settings: Settings) -> Chain:
    """Import *target*; a function is called with the settings to build the runnable.

    A bare model gets the messages. Raises `NotConfigured` if *target* is no runnable.
    """
    module, _, path = target.partition(":")
    found: Any = reduce(getattr, path.split("."), import_module(module))
    if not isinstance(found, Runnable) and callable(found):
        found = found(settings)
    if isinstance(found, BaseLanguageModel):
        return RunnableLambda(itemgetter("messages")) | found
    if not isinstance(found, Runnable):
        raise NotConfigured(
            f"CHAINS: {name} is a {type(found).__name__}, expected a LangChain "
            "runnable or a function of the settings that builds one."
        )
    return found
