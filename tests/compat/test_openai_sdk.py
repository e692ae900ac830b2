"""The patch of OpenAI's SDK: a client can be built while `httpx` is being imported."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

import httpx
import pytest
from pydantic import SecretStr

from compat import openai_sdk as compat
from runnables import chat_model
from settings import Settings


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What another thread has imported of `httpx` when it has just begun."""
    module = ModuleType("httpx")
    module.__spec__ = ModuleSpec("httpx", None)
    vars(module.__spec__)["_initializing"] = True
    monkeypatch.setitem(sys.modules, "httpx", module)
    return module


def test_a_model_is_built_while_another_thread_imports_httpx(half: ModuleType) -> None:
    key = SecretStr("any")
    settings = Settings(
        openai_base_url="http://x/v1", openai_model="m", openai_api_key=key
    )
    assert chat_model(settings)


def test_httpx_is_known_once_it_is_there() -> None:
    assert compat.loaded_httpx() is httpx


def test_without_httpx_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "httpx")
    assert compat.loaded_httpx() is None


def test_the_sdk_still_takes_half_a_module(half: ModuleType) -> None:
    """If this fails, the SDK has learnt: take the patch out."""
    assert compat._loaded() is half
