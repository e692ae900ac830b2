"""A request, as a runnable takes it."""

from langchain_core.messages import BaseMessage, convert_to_messages

from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest, Message


def messages(request: ChatRequest) -> list[BaseMessage]:
    return [_message(index, each) for index, each in enumerate(request.messages)]


def _message(index: int, message: Message) -> BaseMessage:
    fields = {"content": "", **message.model_dump(exclude_none=True)}
    for call in fields.get("tool_calls", ()):
        # Some models send nothing for a tool that takes nothing.
        call["function"]["arguments"] = call["function"]["arguments"] or "{}"
    try:
        [converted] = convert_to_messages([fields])
    except Exception:
        raise InvalidRequest(
            f"messages.{index}: tool_calls or content is not what a model can be given"
        ) from None
    return converted
