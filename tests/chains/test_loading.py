"""Chains are found by name, built once, and told apart from what is none."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest

from chains import Chains
from runs import Run
from settings import Settings
from streaming.errors import NotConfigured, UnknownChain
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.example_chains import strings
from tests.support.no_threads import no_threads

not_a_chain = 42


def raises(settings: Settings) -> Any:
    """A factory with a bug."""
    raise LookupError("what is wrong")


def brought(target: str) -> Settings:
    return Settings(chains={target: f"tests.chains.test_loading:{target}"})


async def first_error(settings: Settings, name: str) -> Exception:
    request = validate({"messages": [{"role": "user", "content": "?"}]})
    run = Run(chain=name, dialect="json")
    events = Chains(settings).stream(name, request, run, no_threads())
    with pytest.raises(NotConfigured) as raised:
        await anext(events)
    return raised.value


def test_a_chain_is_what_has_a_public_name() -> None:
    chains = Chains(Settings())
    assert {"chat", "docs"} <= set(chains.names)
    assert not [name for name in chains.names if name.startswith("_")]
    with pytest.raises(UnknownChain, match="'_model', expected one of"):
        chains.find("_model")


async def test_what_is_no_runnable_is_said_to_be_none() -> None:
    error = await first_error(brought("not_a_chain"), "not_a_chain")
    assert "not_a_chain is a int, expected a LangChain runnable" in str(error)


async def answer(question: str) -> AsyncGenerator[str]:
    """A function is a chain too."""
    yield question
    yield "!"


def built_of_nothing() -> Any:
    return answer


@pytest.mark.parametrize("name", ["answer", "built_of_nothing"])
async def test_a_function_is_a_chain_unless_it_takes_the_settings(name: str) -> None:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    run = Run(chain=name, dialect="json")
    events = Chains(brought(name)).stream(name, request, run, no_threads())
    said = [event.text async for event in events if isinstance(event, TextDelta)]
    assert said == ["Why?", "!"]


async def test_a_chain_that_cannot_be_loaded_says_so_without_the_exceptions_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = await first_error(brought("raises"), "raises")
    assert "'raises' could not be loaded" in str(error)
    assert "could not be loaded: LookupError at " in caplog.text
    assert "what is wrong" not in str(error) + caplog.text


def test_warming_up_never_fails(caplog: pytest.LogCaptureFixture) -> None:
    Chains(Settings(chat_chain="raises", chains=brought("raises").chains)).warm()
    assert "raises: LookupError" in caplog.text


async def test_one_chain_that_is_slow_to_build_holds_up_no_other() -> None:
    chains = Chains(Settings(chains={"slow": "tests.chains.test_loading:slow"}))
    building = asyncio.create_task(asyncio.to_thread(chains.load, "slow"))
    with anyio.fail_after(30):
        await asyncio.to_thread(begun.wait, 30)
        assert await asyncio.to_thread(chains.load, "docs")
        assert not building.done()
        release.set()
        await building


begun, release = threading.Event(), threading.Event()


def slow(settings: Settings) -> Any:
    """A factory that takes until the test lets it go on."""
    begun.set()
    release.wait(30)
    return strings


def test_the_default_chain_without_its_model_is_a_problem() -> None:
    assert Chains(Settings()).problem() is None
    problem = Chains(Settings(chat_chain="chat")).problem()
    assert "AZURE_OPENAI_ENDPOINT" in str(problem)


def test_a_default_chain_that_could_not_be_loaded_is_a_problem() -> None:
    chains = Chains(Settings(chat_chain="raises", chains=brought("raises").chains))
    chains.warm()
    assert chains.problem() == "could not be loaded"
