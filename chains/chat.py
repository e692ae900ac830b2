"""The configured model, with the system prompt from settings."""

from collections.abc import AsyncGenerator

from langchain_core.runnables import RunnableConfig

from runnables import (
    Chain,
    ChainInput,
    Chunk,
    chat_model,
    from_generator,
    stream_model,
    with_system_prompt,
)
from settings import Settings


def build(settings: Settings) -> Chain:
    """Raises `NotConfigured` if there is no model."""
    model = chat_model(settings)

    def chat(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        messages = with_system_prompt(settings, inputs["messages"])
        return stream_model(model, messages, config)

    takes = ("tools", "response_format", "reasoning_effort")
    return from_generator(chat, takes=takes)
