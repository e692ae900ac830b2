"""The chunks of one streamed completion, so that LangChain can add them up."""

from azure_openai import outcome
from azure_openai.transport import SdkErrors
from runs.tool_calls import CallIndexes, ToolCallLimit

CompletionChunk = dict[str, object]


class ChunkReader:
    """Reads chunks; a choice without `delta` gets its whole `message`, or an empty one.

    Usage is kept for `counted`, as some servers send running totals. Each tool call
    gets an index of its own. Of several choices only the first that comes is read: an
    answer has one text. Raises what the SDK raises for an error in the stream,
    `ValueError` for what is no chunk, and `UpstreamError` for too many tool calls.
    """

    def __init__(self, errors: SdkErrors) -> None:
        self._errors = errors
        self._indexes, self._limit = CallIndexes(), ToolCallLimit()
        self._counted: CompletionChunk | None = None
        self._choice: object = None

    def read(self, data: bytes) -> CompletionChunk | None:
        """The chunk in *data*; `None` if it is empty, or has nothing but usage."""
        if not data.strip():
            return None  # Some servers keep a connection alive so.
        chunk: object = outcome.loads(data)
        if not isinstance(chunk, dict):
            raise ValueError("not an object")
        if error := chunk.get("error"):
            raise self._failed(error)
        given = chunk.get("choices") or []
        if not isinstance(given, list):
            raise ValueError("no choices")
        choices = self._of_one(given)
        if len(choices) < len(given):
            chunk["choices"] = choices
        for choice in choices:
            self._read_choice(choice)
        if not chunk.get("usage"):
            return chunk if choices or not given else None
        self._count(chunk)
        return {**chunk, "usage": None} if choices else None

    def _of_one(self, choices: list[object]) -> list[object]:
        indexes = [
            choice.get("index") or 0 if isinstance(choice, dict) else 0
            for choice in choices
        ]
        if self._choice is None and indexes:
            self._choice = indexes[0]
        numbered = zip(choices, indexes, strict=True)
        return [choice for choice, index in numbered if index == self._choice]

    def _failed(self, error: object) -> Exception:
        message = error.get("message") if isinstance(error, dict) else None
        if not isinstance(message, str) or not message:
            message = "An error occurred during streaming"
        return self._errors.in_stream(message, error)

    def _read_choice(self, choice: object) -> None:
        if not isinstance(choice, dict):
            raise ValueError("no choice")
        # Of those that send both, a message has what the deltas have said.
        said = "delta" if "delta" in choice else "message"
        choice["delta"] = delta = choice.get(said) or {}
        if not isinstance(delta, dict):
            raise ValueError("no delta")
        if delta.get("tool_calls"):
            pieces = delta["tool_calls"]
            delta["tool_calls"] = self._indexes.number(pieces, choice.get("index"))
        choice["index"] = 0  # As that of an only answer.
        self._limit.add_delta(delta)

    def _count(self, chunk: CompletionChunk) -> None:
        if self._counted is None or outcome.usage(chunk["usage"]) is not None:
            self._counted = {**chunk, "choices": []}

    def counted(self) -> CompletionChunk | None:
        """The last usage, as a chunk of its own; the first time, if there was any."""
        counted, self._counted = self._counted, None
        return counted
