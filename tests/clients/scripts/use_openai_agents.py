"""OpenAI's Agents SDK: an agent with a tool, one whose answer has a form, a hand-off.

Without `chat` in what is given its model is of the default class.
"""

import asyncio

from _given import given, tell
from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from agents.result import RunResultBase
from openai import AsyncOpenAI
from pydantic import BaseModel

QUESTION = "What is the weather in 'Rome'?"


class Weather(BaseModel):
    city: str
    degrees: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def told(result: RunResultBase) -> dict[str, object]:
    answer = result.final_output
    return {
        "answer": answer.model_dump() if isinstance(answer, Weather) else answer,
        "items": [item.type for item in result.new_items],
        "outputs": [
            item.output
            for item in result.new_items
            if item.type == "tool_call_output_item"
        ],
        "tokens": result.context_wrapper.usage.output_tokens,
    }


async def streamed(agent: Agent[None]) -> dict[str, object]:
    result = Runner.run_streamed(agent, QUESTION)
    deltas = [
        event.data.delta
        async for event in result.stream_events()
        if event.type == "raw_response_event"
        and event.data.type == "response.output_text.delta"
    ]
    return {**told(result), "text": "".join(deltas)}


async def main() -> None:
    set_tracing_disabled(True)
    async with AsyncOpenAI(base_url=given["url"], api_key="any") as client:
        chat = given.get("chat")
        kind = OpenAIChatCompletionsModel if chat else OpenAIResponsesModel
        common = {
            "model": kind(given["model"], client),
            "model_settings": ModelSettings(include_usage=True),
            "tools": [function_tool(get_weather)],
        }
        plain = Agent("Plain", instructions="Be brief.", **common)
        formed = Agent("Formed", output_type=Weather, **common)
        desk = Agent("Desk", model=common["model"], handoffs=[plain])
        # The stand-in's calls have ids of their own on the newer wire alone.
        more = {} if chat else {"handed_off": told(await Runner.run(desk, QUESTION))}
        tell(
            **more,
            whole=told(await Runner.run(plain, QUESTION)),
            streamed=await streamed(plain),
            formed=told(await Runner.run(formed, QUESTION)),
            formed_streamed=await streamed(formed),
        )


asyncio.run(main())
