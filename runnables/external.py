"""Runnables from elsewhere, which `CHAINS=name=module:attribute` names."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from functools import reduce
from importlib import import_module
from inspect import isclass, signature
from typing import get_origin

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
)

from compat import langchain_openai, openai_sdk
from runnables import kinds
from runnables.configurable import settled
from runnables.generator import Chain, ChainInput, Chunk, from_generator
from runnables.model import stream_model
from runnables.taken import ALL
from settings import Settings
from streaming.errors import NotConfigured

_SETTINGS = (Settings, "Settings", "settings.Settings")
_CONFIG = (RunnableConfig, "RunnableConfig")


def load(name: str, target: str, settings: Settings) -> Chain:
    """Import *target*, which is a runnable, a function, or a function that builds one.

    A function builds if it has no parameter, or only the settings or a config, as the
    factories of LangGraph's server. Raises `NotConfigured` if *target* is no runnable.
    """
    langchain_openai.apply()
    openai_sdk.apply()
    module, _, path = target.partition(":")
    found: object = reduce(getattr, path.split("."), import_module(module))
    if not isinstance(found, Runnable) and callable(found) and _builds(found):
        found = _built(found, settings)
    if isinstance(found, Runnable):
        found = settled(found)
    if isinstance(found, BaseChatModel):
        return _of_model(found)
    if isinstance(found, Runnable):
        return found
    if callable(found) and not isclass(found):
        return _of_function(found)
    raise NotConfigured(
        f"CHAINS: {name} is a {type(found).__name__}, expected a LangChain runnable, a "
        "function, or a function of the settings that builds a runnable."
    )


def _parameters(function: Callable[..., object]) -> list[tuple[str, object]]:
    return [
        (each.name, each.annotation) for each in signature(function).parameters.values()
    ]


def _builds(function: Callable[..., object]) -> bool:
    match _parameters(function):
        case []:
            return True
        case [(name, annotation)]:
            named = ("settings", "config")
            return name in named or annotation in (*_SETTINGS, *_CONFIG)
        case _:
            return False


def _built(function: Callable[..., object], settings: Settings) -> object:
    match _parameters(function):
        case []:
            return function()
        case [(name, annotation)] if name == "config" or annotation in _CONFIG:
            return function(RunnableConfig(configurable={}))
        case _:
            return function(settings)


def _of_function(function: Callable[..., object]) -> Chain:
    annotation = kinds.meaning(_parameters(function)[0][1], function)
    if get_origin(annotation) in (Iterator, AsyncIterator):
        # Its annotation says what it takes.
        return RunnableGenerator(function)  # type: ignore[arg-type]
    return RunnableLambda(function)


def _of_model(model: BaseChatModel) -> Chain:
    def answer(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        return stream_model(model, inputs["messages"], config)

    return from_generator(answer, takes=ALL)
