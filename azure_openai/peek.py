"""The beginning of an answer: whether it says something, or comes to nothing."""

from azure_openai import outcome
from azure_openai.failure import CUT, BackendFailure
from azure_openai.outcome import JsonValue, as_list, as_object
from runs.finish_reasons import in_our_words
from streaming.errors import RateLimited
from streaming.sse import DataDecoder

PEEKED = 64 * 1024
"""Bytes above which an answer counts as saying something, unread."""

STRANGE = BackendFailure("the answer is not what it should be", name="strange")

SLICE = 2048
"""Bytes to decode at a time, so that little of a fast answer is read twice."""


class Peek:
    """Reads a stream up to its first visible token: text, reasoning, refusal or tool.

    An answer that ends before that is valid too if it has a finish reason.
    """

    def __init__(self) -> None:
        self._decoder = DataDecoder()
        self._size = 0
        self.decided = False
        self.failure: BackendFailure | None = None

    def feed(self, read: bytes) -> bool:
        """Read on, `b""` being the end; return whether `failure` is decided."""
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

    def _decide(self, failure: BackendFailure | None) -> None:
        self.decided, self.failure = True, failure

    def _event(self, data: bytes) -> None:
        if data.startswith(b"[DONE]"):
            self._decide(CUT)
        elif data.strip() and (found := examine(data)) is not CUT:
            self._decide(found)


def examine(data: bytes) -> BackendFailure | None:
    """What is wrong with *data*, a chunk or an answer; `CUT` if it says nothing."""
    try:
        said = outcome.loads(data)
        if not isinstance(said, dict):
            return STRANGE
        if isinstance(kind := said.get("type"), str) and not said.get("choices"):
            return _of_response(kind, said)
        if said.get("object") == "response":
            return _of_whole_response(said)
        error = said.get("error")
        embedded = isinstance(said.get("data"), list)
        answers = embedded or any(map(_answers, as_list(said.get("choices"))))
    except (ValueError, TypeError, RecursionError):
        return STRANGE
    if error:
        return _failure(error)
    return None if answers else CUT


def _of_response(kind: str, event: dict[str, JsonValue]) -> BackendFailure | None:
    """What is wrong with an *event* of the Responses API; `CUT` if it says nothing."""
    if kind == "error":
        return _failure(event.get("error") or event)
    if kind == "response.failed":
        return _failure(as_object(event.get("response")).get("error") or {})
    answers = kind.endswith(".delta") and _says(event.get("delta"))
    ends = kind in ("response.completed", "response.incomplete")
    return None if answers or ends else CUT


def _of_whole_response(response: dict[str, JsonValue]) -> BackendFailure | None:
    if error := response.get("error"):
        return _failure(error)
    return _failure({}) if response.get("status") == "failed" else None


def examine_whole(body: bytes) -> BackendFailure | None:
    if not body.rstrip().endswith(b"}"):
        return CUT
    return None if len(body) > PEEKED else examine(body)


def _answers(choice: JsonValue) -> bool:
    if not isinstance(choice, dict):
        raise TypeError("no choice")
    said = as_object(choice.get("delta") or choice.get("message"))
    parts = (value for name, value in said.items() if name not in outcome.UNSEEN)
    if any(map(_says, parts)):
        return True
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason and in_our_words(reason) is None:
        raise ValueError("a failure")
    return bool(reason)


def _says(value: object) -> bool:
    match value:
        case str():
            return bool(value)
        case list():
            return any(map(_says, value))
        case dict():
            return any(_says(part) for name, part in value.items() if name != "type")
        case _:
            return False


def _failure(error: object) -> BackendFailure | None:
    """The failure that an error in a stream is; `None` if the caller is at fault."""
    kind = outcome.error(error)
    if isinstance(kind, RateLimited):
        return BackendFailure("busy", busy=True, name="busy")
    of_caller = isinstance(error, dict) and error.get("type") == "invalid_request_error"
    if kind.status < 500 or of_caller:
        return None
    return BackendFailure("an error in the place of an answer", name="error")
