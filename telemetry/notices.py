"""Log messages of threads, kept until a run can log them: Azure's host drops those that
are logged while no invocation executes."""

from time import monotonic

EVERY_SECONDS = 60


class Notices:
    """The newest notice of each kind; safe to use from several threads."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._taken_at: dict[str, float] = {}

    def put(self, kind: str, text: str) -> None:
        """Replace the notice of *kind*, if one waits."""
        self._texts[kind] = text

    def take(self) -> list[str]:
        """The notices to log now: of each kind at most one a minute."""
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
