"""Pydantic AI: an agent with a tool, and every way to give its answer a form."""

import asyncio
from collections.abc import Sequence

from _given import given, tell
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput, ToolOutput
from pydantic_ai.messages import ModelMessage, ToolReturnPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

# With `PromptedOutput` the stand-in answers with the keys that are quoted.
QUESTION = "Tell me the 'city' and the 'country' of the Colosseum."


class Place(BaseModel):
    city: str
    country: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def told(output: object, messages: Sequence[ModelMessage]) -> dict[str, object]:
    returned = [
        part.content
        for message in messages
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]
    answer = output.model_dump() if isinstance(output, Place) else output
    return {"answer": answer, "returned": returned}


async def asked(agent: Agent[None, object]) -> dict[str, object]:
    whole = await agent.run(QUESTION)
    async with agent.run_stream(QUESTION) as stream:
        pieces = [piece async for piece in stream.stream_output(debounce_by=None)]
        streamed = told(await stream.get_output(), stream.all_messages())
        tokens = stream.usage.output_tokens
    return {
        "whole": told(whole.output, whole.all_messages()),
        "streamed": streamed,
        "pieces": len(pieces),
        "tokens": [whole.usage.output_tokens, tokens],
    }


async def main() -> None:
    async with AsyncOpenAI(base_url=given["url"], api_key="any") as client:
        provider = OpenAIProvider(openai_client=client)
        model = OpenAIChatModel(given["model"], provider=provider)
        forms = {
            "text": str,
            "tool": ToolOutput(Place),
            "native": NativeOutput(Place),
            "prompted": PromptedOutput(Place),
        }
        agents = {
            name: Agent(model, output_type=form, tools=[get_weather])
            for name, form in forms.items()
        }
        tell(**{name: await asked(agent) for name, agent in agents.items()})


asyncio.run(main())
