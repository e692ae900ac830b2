"""Records that wait in memory for room on the disk."""

from collections import deque


class Waiting:
    """A queue of lines, of `size` bytes together."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self.size = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def first(self) -> bytes:
        return self._lines[0]

    def put(self, line: bytes) -> None:
        self._lines.append(line)
        self.size += len(line)

    def drop_first(self) -> None:
        self.size -= len(self._lines.popleft())

    def drop_last(self) -> None:
        self.size -= len(self._lines.pop())
