"""OpenAI's Agents SDK with its default model: an agent with a tool, and a hand-off."""

import asyncio
from collections.abc import Awaitable

from _given import given, tell
from agents import (
    Agent,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    set_tracing_disabled,
)
from agents.result import RunResultBase
from openai import AsyncOpenAI
from pydantic import BaseModel

QUESTION = given.get("question", "What is the weather in 'Rome'?")


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
        "agent": result.last_agent.name,
    }


async def streamed(agent: Agent[None]) -> RunResultBase:
    result = Runner.run_streamed(agent, QUESTION)
    async for _ in result.stream_events():
        pass
    return result


async def attempt(run: Awaitable[RunResultBase]) -> dict[str, object]:
    try:
        return told(await run)
    except Exception as exc:
        return {"error": type(exc).__name__}


async def main() -> None:
    set_tracing_disabled(True)
    async with AsyncOpenAI(base_url=given["url"], api_key="any", max_retries=0) as used:
        model = OpenAIResponsesModel(given["model"], used)
        tools = [] if "question" in given else [function_tool(get_weather)]
        if given.get("hands_off"):
            formed = Agent("Formed", model=model, tools=tools, output_type=Weather)
            weather = Agent("Weather", model=model, tools=tools)
            front = Agent("Front", model=model, handoffs=[weather])
            tell(
                handed_off=await attempt(Runner.run(front, QUESTION)),
                formed=await attempt(Runner.run(formed, QUESTION)),
            )
            return
        plain = Agent("Plain", instructions="Be brief.", model=model, tools=tools)
        followed = Runner.run(plain, QUESTION, auto_previous_response_id=True)
        tell(
            whole=await attempt(Runner.run(plain, QUESTION)),
            streamed=await attempt(streamed(plain)),
            followed=await attempt(followed),
        )


asyncio.run(main())
