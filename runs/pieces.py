"""A text that comes in thousands of pieces."""

TOGETHER = 256
"""Pieces that are joined: a string of Python takes 49 bytes beside its text."""


class Pieces(list[str]):
    """Few strings, which are the text if they are joined."""

    __slots__ = ("_joined",)

    def __init__(self) -> None:
        self._joined = 0

    def append(self, text: str, /) -> None:
        super().append(text)
        if len(self) - self._joined == TOGETHER:
            self[self._joined :] = ["".join(self[self._joined :])]
            self._joined += 1

    def clear(self) -> None:
        super().clear()
        self._joined = 0
