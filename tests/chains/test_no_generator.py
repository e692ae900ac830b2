"""A function that is no async generator is no chain, and is told what it should be."""

from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler

from runnables.generator import from_generator
from streaming.errors import NotConfigured


def a_text(inputs: Any, config: Any) -> str:
    return "text"


def nothing(inputs: Any, config: Any) -> None:
    pass


def a_generator(inputs: Any, config: Any) -> Iterator[str]:
    yield "text"


async def a_coroutine(inputs: Any, config: Any) -> str:
    return "text"


async def text(inputs: Any, config: Any) -> AsyncGenerator[str]:
    yield "text"


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (a_text, "str"),
        (nothing, "NoneType"),
        (a_generator, "generator"),
        (a_coroutine, "coroutine"),
    ],
)
async def test_its_author_is_told_what_is_expected(
    function: Callable[..., Any], kind: str, observed: bool
) -> None:
    chain = from_generator(function)
    callbacks = [BaseCallbackHandler()] if observed else []
    says = f"'{function.__name__}' gives a {kind}, expected an async generator"
    with pytest.raises(NotConfigured, match=says):
        async for _ in chain.astream({"messages": []}, {"callbacks": callbacks}):
            pass


async def test_a_function_that_gives_one_is_as_good_as_one() -> None:
    chain = from_generator(lambda inputs, config: text(inputs, config))
    assert await chain.ainvoke({"messages": []}) == "text"
