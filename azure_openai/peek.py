"""The beginning of a stream: whether it says something, or comes to nothing."""

from azure_openai import outcome
from azure_openai.failure import CUT, Trouble
from streaming.errors import RateLimited
from streaming.sse import DataDecoder

PEEKED = 64 * 1024
"""Bytes in which a stream has to say something, or it is taken to have."""

SLICE = 2048
"""Bytes that are looked at together."""


class Peek:
    """Reads a stream up to its first visible token: text, reasoning, refusal or tool.

    An answer that ends before that is one too, where it says why.
    """

    def __init__(self) -> None:
        self._decoder = DataDecoder()
        self._size = 0
        self.decided = False
        self.trouble: Trouble | None = None

    def feed(self, read: bytes) -> bool:
        """Take the next bytes, and say whether it is decided; the end is `b""`."""
        self._size += len(read)
        # Much of a fast answer may have come at once, of which little has to be read.
        for start in range(0, len(read), SLICE):
            for data in self._decoder.feed(read[start : start + SLICE]):
                self._event(data)
                if self.decided:
                    return True
        if not read:
            self._decide(CUT)
        elif self._size > PEEKED:
            self._decide(None)
        return self.decided

    def _decide(self, trouble: Trouble | None) -> None:
        self.decided, self.trouble = True, trouble

    def _event(self, data: bytes) -> None:
        if data.startswith(b"[DONE]"):
            self._decide(None)
            return
        try:
            chunk = outcome.loads(data)
            error = chunk.get("error")
            answers = any(map(_answers, chunk.get("choices") or ()))
        except (ValueError, TypeError, AttributeError, RecursionError):
            self._decide(Trouble("the stream is not what it should be"))
            return
        if error:
            self._decide(_trouble(error))
        elif answers:
            self._decide(None)


def _answers(choice: dict[str, object]) -> bool:
    delta = choice.get("delta")
    said = delta.items() if isinstance(delta, dict) else ()
    visible = any(value and name not in outcome.UNSEEN for name, value in said)
    return visible or bool(choice.get("finish_reason"))


def _trouble(error: object) -> Trouble | None:
    """What an error in a stream says of the backend; `None` where the caller errs."""
    kind = outcome.error(error)
    if isinstance(kind, RateLimited):
        return Trouble("busy", busy=True)
    of_caller = isinstance(error, dict) and error.get("type") == "invalid_request_error"
    if kind.status < 500 or of_caller:
        return None
    return Trouble("an error in the place of an answer")
