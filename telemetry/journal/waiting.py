"""Records that wait in memory for room on the disk."""

from collections import deque


class Waiting:
    """A queue of lines, of `size` bytes together."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque()
        self.size = 0

    def __len__(self) -> int:
        return len(self._lines)

    def first(self, most: int, room: int) -> list[bytes]:
        """The first lines, of *most* bytes together, or one that is larger.

        None of them takes more than *room*.
        """
        lines, size = list[bytes](), 0
        for line in self._lines:
            size += len(line)
            if size > room or (lines and size > most):
                break
            lines.append(line)
        return lines

    def put(self, line: bytes) -> None:
        self._lines.append(line)
        self.size += len(line)

    def drop_first(self, count: int) -> None:
        for _ in range(count):
            self.size -= len(self._lines.popleft())

    def take(self) -> list[bytes]:
        """All lines, which no longer wait."""
        lines = list(self._lines)
        self._lines.clear()
        self.size = 0
        return lines

    def drop_last(self) -> None:
        self.size -= len(self._lines.pop())
