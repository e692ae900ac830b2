"""What a check has found: one line."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Of the check *name*; *text* says what is so, and what to do where it is bad."""

    level: Level
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:8} {self.name}: {self.text}"
