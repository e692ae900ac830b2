"""What a thread has to log and leaves to a run: Azure's host drops what is logged while
no invocation is executing."""

from time import monotonic

EVERY_SECONDS = 60


class Notices:
    """The newest notice of each kind. Any thread may put one, any other take it."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._taken_at: dict[str, float] = {}

    def put(self, kind: str, text: str) -> None:
        """Have *text* logged instead of an older one of its *kind*."""
        self._texts[kind] = text

    def take(self) -> list[str]:
        """What there is to log now: of each kind at most one a minute."""
        if not self._texts:
            return []
        now = monotonic()
        due = [
            kind
            for kind in tuple(self._texts)
            if now - self._taken_at.get(kind, -float("inf")) > EVERY_SECONDS
        ]
        self._taken_at.update(dict.fromkeys(due, now))
        return [self._texts.pop(kind) for kind in due]
