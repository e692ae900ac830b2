"""Bounds the tool calls of an answer, for any model."""

from uuid import UUID

from langchain_core.callbacks.base import BaseCallbackHandler
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, LLMResult

from runs.tool_calls import ToolCallLimit


class AnswerLimit(BaseCallbackHandler):
    """Ends a model call whose answer has too many tool calls, or too long arguments."""

    run_inline = True
    raise_error = True
    ignore_chat_model = True  # Of a call's start alone LangChain makes a long text.

    def __init__(self) -> None:
        self._streamed: dict[UUID, ToolCallLimit] = {}

    def on_llm_new_token(
        self, token: object, *, chunk: object = None, run_id: UUID, **kwargs: object
    ) -> None:
        message = getattr(chunk, "message", None)
        if not isinstance(message, AIMessageChunk):
            return
        function = message.additional_kwargs.get("function_call")
        if not (message.tool_call_chunks or function):
            return
        limit = self._streamed.setdefault(run_id, ToolCallLimit())
        for piece in message.tool_call_chunks:
            limit.add(piece["index"], piece["id"], piece["name"], piece["args"])
        if function:
            limit.add_delta({"function_call": function})

    def on_llm_end(
        self, response: LLMResult, *, run_id: UUID, **kwargs: object
    ) -> None:
        if self._streamed.pop(run_id, None) is None:
            for batch in response.generations:
                for generation in batch:
                    if isinstance(generation, ChatGeneration):
                        _check_whole(generation.message)

    def on_llm_error(
        self, error: BaseException, *, run_id: UUID, **kwargs: object
    ) -> None:
        self._streamed.pop(run_id, None)


def _check_whole(message: object) -> None:
    if not isinstance(message, AIMessage):
        return
    limit = ToolCallLimit()
    for call in message.tool_calls:
        limit.add(None, call["id"], call["name"], str(call["args"]))
    for wrong in message.invalid_tool_calls:
        limit.add(None, wrong["id"], wrong["name"], wrong["args"])
