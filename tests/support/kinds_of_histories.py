"""Runnables with a history of their own, whose messages are the request's here."""

import warnings
from typing import Any

from langchain_core.chat_history import InMemoryChatMessageHistory
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables.history import RunnableWithMessageHistory

from runnables import Chain
from tests.support.kinds import Model, kind

PROMPT = ChatPromptTemplate(
    [
        ("system", "You know {ability}."),
        MessagesPlaceholder("past"),
        ("human", "{asked}"),
    ]
)
KEYS = {"input_messages_key": "asked", "history_messages_key": "past"}

their_own: dict[str, InMemoryChatMessageHistory] = {}
"""Stands for a store of somebody's, which is neither read nor written."""


def history(session_id: str) -> InMemoryChatMessageHistory:
    return their_own.setdefault(session_id, InMemoryChatMessageHistory())


def remembering(chain: Chain, **keys: Any) -> Chain:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # LangChain 2 has none.
        return RunnableWithMessageHistory(chain, history, **keys)


@kind()
def model_with_history(model: Model) -> Chain:
    """`RunnableWithMessageHistory(model, …)`"""
    return remembering(model)


@kind(inputs={"ability": "Greek"})
def prompt_with_history(model: Model) -> Chain:
    """The same of `prompt | model`, with `input_messages_key` and its history's"""
    return remembering(PROMPT | model, **KEYS)


@kind()
def history_within(model: Model) -> Chain:
    """`RunnableWithMessageHistory(…) | StrOutputParser()`"""
    return remembering(model).with_retry() | StrOutputParser()
