"""How much one answer may ask of tools."""

from collections.abc import Mapping

from streaming.errors import UpstreamError

MAX_CALLS = 256
MAX_BYTES = 256 * 1024
"""The most bytes of the names and arguments of all calls together."""


class ToolCallLimit:
    def __init__(self) -> None:
        self._ids: dict[int | str, set[object]] = {}
        self._calls = self._bytes = 0

    def add_delta(self, delta: Mapping[str, object]) -> None:
        pieces = delta.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._add(piece, piece.get("function"))
        if function := delta.get("function_call"):
            self._add({"index": "function_call"}, function)

    def _add(self, piece: Mapping[str, object], function: object) -> None:
        said = function if isinstance(function, dict) else {}
        texts = said.get("name"), said.get("arguments")
        self.add(piece.get("index"), piece.get("id"), *texts)

    def add(self, index: object, call_id: object, *texts: object) -> None:
        """Count a piece of a call: its name, its arguments.

        Pieces are of one call if their index is the same and their ids do not differ.
        Raises `UpstreamError` once there are too many calls or bytes.
        """
        for text in texts:
            if isinstance(text, str):
                self._bytes += len(text.encode("utf-8", "replace"))
        if self._begins(index, call_id):
            self._calls += 1
        if self._calls > MAX_CALLS:
            raise UpstreamError(
                f"The model called more than {MAX_CALLS} tools at once."
            )
        if self._bytes > MAX_BYTES:
            raise UpstreamError(
                f"The model called tools with more than {MAX_BYTES} bytes of arguments."
            )

    def _begins(self, index: object, call_id: object) -> bool:
        if not isinstance(index, int | str):
            return True  # Without an index a piece is a whole call.
        begins = index not in self._ids
        ids = self._ids.setdefault(index, set())
        if isinstance(call_id, str) and call_id and call_id not in ids:
            begins = begins or bool(ids)
            ids.add(call_id)
        return begins
