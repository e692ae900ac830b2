"""Agents like the chain `agent`, whose tools fail, or that have few steps."""

import asyncio

from langchain_core.tools import BaseTool, tool

from chains.agent import agent_of
from runnables import Chain, chat_model
from settings import Settings


@tool
async def search(question: str) -> str:
    """A tool with a bug."""
    raise LookupError(f"the secret of {question}")


@tool
async def read(path: str) -> str:
    """A tool that never comes back."""
    await asyncio.Event().wait()
    return path


TOOLS: list[BaseTool] = [search, read]


def stuck(settings: Settings) -> Chain:
    return agent_of(settings, chat_model(settings), TOOLS, tool_seconds=60)


def failing(settings: Settings) -> Chain:
    return agent_of(settings, chat_model(settings), TOOLS, steps=3, tool_seconds=0.2)
