"""What LangChain shows of how a runnable is put together."""

import pkgutil
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import langchain_core.runnables
import pytest
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    ConfigurableField,
    RouterRunnable,
    Runnable,
    RunnableBranch,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langchain_core.runnables.base import (
    RunnableBindingBase,
    RunnableEachBase,
    RunnableSerializable,
)
from langchain_core.runnables.configurable import (
    DynamicRunnable,
    RunnableConfigurableFields,
)
from langchain_core.runnables.history import RunnableWithMessageHistory

from runnables import Chain
from runnables.prepared import sampled
from runnables.structure import parts, replaced
from tests.support.kinds import Model

WHOLES: list[Callable[[Any], Chain]] = [
    lambda part: RunnableLambda(str) | part | str,
    lambda part: RunnableParallel(one=part),
    lambda part: RunnablePassthrough.assign(one=part),
    lambda part: RunnableBranch((part, part), part),
    lambda part: part.with_retry(),
    lambda part: part.bind(some="thing"),
    lambda part: part.with_fallbacks([part]),
    lambda part: part.map(),
    lambda part: RouterRunnable({"one": part}),
    lambda part: part.configurable_alternatives(ConfigurableField("a"), b=part),
]

APART: set[type] = {
    RunnableWithMessageHistory,  # `histories.fed` shows what it has.
    RunnableConfigurableFields,  # What it has is made anew for each call.
    DynamicRunnable,
    RunnableBindingBase,
    RunnableEachBase,
}
"""Classes with parts that are none of `WHOLES`; the last three are abstract."""


@pytest.mark.parametrize("whole", WHOLES)
def test_a_part_that_is_shown_is_replaced_wherever_it_is(
    whole: Callable[[Any], Chain],
) -> None:
    one, other = map(ChatPromptTemplate.from_template, ("{one}", "{other}"))
    was = list(parts(whole(one)))
    now = list(parts(replaced(whole(one), lambda p, _: other if p is one else None)))
    assert sum(part is one for part in was) == sum(part is other for part in now) > 0
    assert not any(part is one for part in now)


def test_these_are_all_of_langchains_classes_with_parts() -> None:
    part = ChatPromptTemplate.from_template("{one}")
    found = {type(each) for whole in WHOLES for each in parts(whole(part))}
    assert _classes_with_parts() - found == APART


def _classes_with_parts() -> set[type]:
    package = langchain_core.runnables
    modules = [
        import_module(f"{package.__name__}.{each.name}")
        for each in pkgutil.iter_modules(package.__path__)
    ]
    part = re.compile(r"\.Runnable(Serializable|Parallel)?\b")
    return {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and issubclass(each, RunnableSerializable)
        and not each.__pydantic_generic_metadata__["args"]
        and any(part.search(str(f.annotation)) for f in each.model_fields.values())
    }


CALLED: dict[str, Callable[[Any], Chain]] = {
    "for each of a list": lambda model: model.map(),
    "as a condition": lambda model: RunnableBranch((model, model), str),
    "on a route": lambda model: RouterRunnable({"one": model}),
}


@pytest.mark.parametrize("place", CALLED)
def test_a_callers_sampling_reaches_a_model(place: str) -> None:
    chain: Runnable[Any, Any] = CALLED[place](Model())
    given = [
        getattr(part, "kwargs", None)
        for part in parts(sampled(chain, {"temperature": 0.5}))
    ]
    assert {"temperature": 0.5} in given
