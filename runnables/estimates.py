"""About how many tokens a model's call has used, as its provider may never say."""

from collections.abc import Callable, Iterable, Sequence

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, Generation, LLMResult

from runnables import blocks
from runs import ModelCall
from runs.tokens import TOKENS_PER_MESSAGE, count_bytes, count_tokens
from streaming.events import Usage


def size_of_the_rest(message: BaseMessage | None) -> int:
    """The bytes, about, of a chunk's reasoning and of its tools' arguments."""
    if not isinstance(message, AIMessage):
        return 0
    calls = getattr(message, "tool_call_chunks", None) or ()
    size = sum(len(call.get("args") or "") for call in calls)
    return size + sum(map(len, blocks.reasoning(message)))


def count_messages(messages: Iterable[BaseMessage]) -> int:
    return sum(count_tokens(message.text) + TOKENS_PER_MESSAGE for message in messages)


def count_generation(generation: Generation) -> int:
    text = generation.text
    if isinstance(generation, ChatGeneration):
        message = generation.message
        if isinstance(message, AIMessage):
            text += "".join(blocks.reasoning(message))
            text += str([call["args"] for call in message.tool_calls] or "")
    return count_tokens(text)


def estimating(call: ModelCall, count_input: Callable[[], int]) -> Callable[[], Usage]:
    return lambda: estimate(
        count_input(), count_bytes(call.output_bytes + call.other_bytes)
    )


def estimate(input_tokens: int, output_tokens: int) -> Usage:
    total = input_tokens + output_tokens
    return Usage(input_tokens, output_tokens, total, estimated=True)


def generations(response: LLMResult | None) -> Sequence[Generation]:
    batches = response.generations if response else []
    return [
        generation
        for batch in batches
        for generation in batch
        if isinstance(generation, Generation)
    ]
