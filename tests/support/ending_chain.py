"""A chain whose answer ends with the result of a tool, which nobody comments on."""

from collections.abc import AsyncGenerator

from langchain_core.messages import ToolMessage
from langchain_core.runnables import RunnableConfig

from runnables import ChainInput, Chunk, from_generator
from tests.support.example_chains import calling


async def _ending(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    yield "Looking."
    yield calling("look_up", '{"city": "Paris"}')
    yield ToolMessage("two million", tool_call_id="call_1", name="look_up")


ending = from_generator(_ending)
