"""Models of `init_chat_model` that leave it to each call which model they are."""

from typing import Any

import pytest
from langchain.chat_models import init_chat_model
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

from runnables import external
from runnables.prepared import prepare, sampled
from runnables.structure import parts, unbound
from settings import Settings
from streaming.errors import NotConfigured

OWN: Any = {"model_provider": "openai", "api_key": "k"}

model = init_chat_model("gpt-4o", configurable_fields="any", **OWN)
unnamed = init_chat_model(temperature=0)


def test_it_is_the_model_that_its_author_has_configured() -> None:
    """What this app has put into the config was a parameter of it: each call failed."""
    chain = ChatPromptTemplate.from_template("{topic}") | model.with_config(tags=["t"])
    asked = sampled(prepare(chain).chain, {"temperature": 0.5})
    [bound] = [part for part in parts(asked) if isinstance(part, ChatOpenAI)]
    assert bound.model_name == "gpt-4o"
    assert any(
        getattr(part, "kwargs", {}).get("temperature") == 0.5
        for part in parts(asked)
        if unbound(part) is bound
    )


def test_alone_it_takes_a_callers_tools() -> None:
    chain = external.load("x", f"{__name__}:model", Settings())
    assert prepare(chain).takes


def test_one_without_a_model_is_refused_when_it_is_loaded() -> None:
    with pytest.raises(NotConfigured, match="needs a model and a provider"):
        external.load("x", f"{__name__}:unnamed", Settings())
