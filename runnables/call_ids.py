"""The ids of tool calls, which some models leave out."""

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from compat import langchain
from runs.tool_calls import CallIndexes, new_id


class CallIds:
    """Gives each tool call of one answer an id, by which an agent returns its result.

    If one came without, each call gets an index of its own too.
    """

    def __init__(self) -> None:
        self._indexes = CallIndexes()
        self._mends = False

    def __call__(self, message: BaseMessage) -> None:
        if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
            pieces = list(map(self._piece, message.tool_call_chunks))
            if pieces != message.tool_call_chunks:
                message.tool_call_chunks = pieces
                message.init_tool_calls()  # type: ignore[operator] # It is a method.
        elif isinstance(message, AIMessage):
            for call in (*message.tool_calls, *message.invalid_tool_calls):
                call["id"] = call["id"] or new_id()

    def _piece(self, piece: ToolCallChunk) -> ToolCallChunk:
        said = {"name": piece["name"], "arguments": piece["args"]}
        [numbered] = self._indexes.number([{**piece, "function": said}])
        match numbered:
            case {"index": int() as index, "function": dict() as function, **rest}:
                call_id, name = rest.get("id"), function.get("name")
                self._mends = self._mends or bool(call_id and not piece["id"])
                if self._mends:
                    return tool_call_chunk(
                        name=name if isinstance(name, str) else None,
                        args=piece["args"],
                        id=call_id if isinstance(call_id, str) else None,
                        index=index,
                    )
        return piece


def install() -> None:
    """Have the answers of all chat models read so; a second time does nothing."""
    langchain.read_answers_with(CallIds)
