"""Records that wait in memory for room on the disk."""

from collections import deque


class Waiting:
    """Lines in the order in which they came; `size` is the bytes of all of them."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self.size = 0

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def first(self) -> bytes:
        """The oldest, which is to be written next."""
        return self._lines[0]

    def put(self, line: bytes) -> None:
        """Have *line* wait behind all others."""
        self._lines.append(line)
        self.size += len(line)

    def drop_first(self) -> None:
        """The oldest waits no longer."""
        self.size -= len(self._lines.popleft())

    def drop_last(self) -> None:
        """The newest waits no longer."""
        self.size -= len(self._lines.pop())
