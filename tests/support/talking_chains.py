"""Chains that get their prompt into a log line that nobody has asked for."""

import asyncio
import logging
import threading
import warnings
from typing import Any, NoReturn, TypedDict

from langchain_core.callbacks.base import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langgraph.graph import START, StateGraph
from langgraph.types import RetryPolicy

from runnables import Chain
from tests.support.example_chains import answering


class Worded(Exception):
    """Its `repr` is its text, as that of jsonschema's exceptions is."""

    def __repr__(self) -> str:
        return f"<{self}>"


def _fail(text: str) -> NoReturn:
    raise Worded(text)


async def _fail_later(text: str) -> NoReturn:
    raise Worded(text)


def warning(question: str) -> str:
    warnings.warn(f"this is odd {question}", stacklevel=1)
    return "done"


def thread(question: str) -> str:
    """A thread with the prompt as its name, and an exception in it."""
    started = threading.Thread(target=_fail, args=[question], name=question)
    started.start()
    started.join()
    return "done"


async def task(question: str) -> str:
    """A task that fails, and for which nobody waits."""
    left = asyncio.create_task(_fail_later(question), name=question)
    await asyncio.sleep(0)
    del left
    return "done"


class Broken(BaseCallbackHandler):
    run_inline = True

    def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
        _fail(args[1][0][0].text)


async def callback(question: str, config: RunnableConfig) -> str:
    await answering.ainvoke(question, {"callbacks": [Broken()]})
    return "done"


class Asked(TypedDict):
    question: str
    answer: str


def _retried() -> Chain:
    failed: list[str] = []

    def ask(state: Asked) -> dict[str, str]:
        if not failed:
            failed.append("once")
            raise ConnectionError(f"no answer to {state['question']}")
        return {"answer": "done"}

    once = RetryPolicy(initial_interval=0.01, max_attempts=2)
    graph = StateGraph(Asked).add_node("ask", ask, retry_policy=once)
    return graph.add_edge(START, "ask").compile()


retried = _retried()


def own(question: str) -> str:
    """The author's own line."""
    logging.getLogger(__name__).warning("asked: %s", len(question))
    return "done"


own_line = RunnableLambda(own)
