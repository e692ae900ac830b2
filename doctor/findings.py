"""What a check has found: one line."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of the check *name*; *text* states it, and the remedy if it is bad."""

    level: Level
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:8} {self.name}: {self.text}"
