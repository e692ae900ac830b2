"""The configured model, with the system prompt from settings."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from langchain_core.runnables import RunnableConfig

from chains._model import chat_model, stream, with_system_prompt
from chains._runnable import Chain, ChainInput, Chunk, from_generator
from settings import Settings


def build(settings: Settings) -> Chain:
    """Raises `NotConfigured` where no model is."""
    model = chat_model(settings)

    async def chat(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        messages = with_system_prompt(settings, inputs["messages"])
        async with aclosing(stream(model, messages, config)) as chunks:
            async for chunk in chunks:
                yield chunk

    return from_generator(chat)
