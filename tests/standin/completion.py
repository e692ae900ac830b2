"""One answer as bytes: the chunks of a stream, or the object without `stream`."""

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import assert_never
from uuid import uuid4

from tests.standin import odd
from tests.standin.steps import (
    Annotation,
    Arguments,
    Chunk,
    Done,
    ErrorEvent,
    Finish,
    PromptFilter,
    Raw,
    Role,
    Text,
    ToolCall,
    Usage,
)
from tests.standin.wire import (
    BLOCKED,
    FINGERPRINT,
    MODEL,
    PROMPT_SAFE,
    SAFE,
    Json,
    annotated,
    anonymous,
    dumps,
    failure,
    frame,
    tool_call,
)


class Completion:
    """One answer on its way out; it counts what `Usage` will say."""

    def __init__(self, *, prompt_tokens: int, cached_tokens: int = 0) -> None:
        self.prompt_tokens = prompt_tokens
        self.cached_tokens = cached_tokens
        self.completion_tokens = 0
        self.reasoning_tokens = 0
        self._odd: str | None = None
        self._id = f"chatcmpl-{uuid4().hex[:29]}"
        self._created = int(time.time())
        self._before, self._after = self._text_chunk()

    def encode(self, chunk: Chunk) -> bytes:
        """*chunk* as the stream has it."""
        match chunk:
            case PromptFilter():
                results = {"prompt_index": 0, "content_filter_results": PROMPT_SAFE}
                return frame(anonymous([], prompt_filter_results=[results], usage=None))
            case Role():
                delta: Json = {"role": "assistant", "content": "", "refusal": None}
                return self._choice(delta, {})
            case Text():
                return self._text(chunk)
            case ToolCall(index, name, earlier):
                self.completion_tokens += 1
                call = tool_call(index + earlier, name) | {"index": index}
                return self._choice({"tool_calls": [call]}, {})
            case Arguments(index, text):
                self.completion_tokens += 1
                piece = {"index": index, "function": {"arguments": text}}
                return self._choice({"tool_calls": [piece]}, {})
            case Finish(reason):
                blocked = reason == "content_filter"
                return self._choice({}, BLOCKED if blocked else {}, reason)
            case Annotation():
                return frame(anonymous([annotated(chunk)]))
            case Usage(kind):
                self._odd = kind
                return frame(self._chunk([], self.usage()))
            case Done():
                return b"data: [DONE]\n\n"
            case ErrorEvent(message):
                return frame(failure(message))
            case Raw(payload):
                return payload
            case _:
                assert_never(chunk)

    def usage(self) -> object:
        """The counts so far: a token is a piece that was sent."""
        if self._odd is not None:
            return odd.USAGE[self._odd]
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {
                "cached_tokens": self.cached_tokens,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }

    def whole(self, chunks: Iterable[Chunk]) -> Json:
        """The `chat.completion` that says in one piece what *chunks* say."""
        said: defaultdict[str, str] = defaultdict(str)
        calls: dict[int, str] = {}
        arguments: defaultdict[int, str] = defaultdict(str)
        reason = None
        blocked = False
        for chunk in chunks:
            self.encode(chunk)  # It counts.
            match chunk:
                case Text(text, kind):
                    said[kind] += text
                case ToolCall(index, name):
                    calls[index] = name
                case Arguments(index, text):
                    arguments[index] += text
                case Finish():
                    reason = chunk.reason
                case Annotation(blocked=True):
                    blocked = True
                case _:
                    pass
        message: Json = {"role": "assistant", "content": None, "refusal": None, **said}
        if calls:
            message["tool_calls"] = [
                tool_call(index, name, arguments[index])
                for index, name in calls.items()
            ]
        blocked = blocked or reason == "content_filter"
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": "content_filter" if blocked else reason,
            "logprobs": None,
            "content_filter_results": BLOCKED if blocked else SAFE,
        }
        return {
            **self._chunk([choice], self.usage()),
            "object": "chat.completion",
            "prompt_filter_results": [
                {"prompt_index": 0, "content_filter_results": PROMPT_SAFE}
            ],
        }

    def _text(self, text: Text) -> bytes:
        self.completion_tokens += bool(text.text)
        if text.kind == "content" and text.checked:
            # Most of what is ever sent, so worth not building a dictionary for.
            return self._before + dumps(text.text).encode() + self._after
        self.reasoning_tokens += text.kind == "reasoning_content"
        results = SAFE if text.checked else None
        return self._choice({text.kind: text.text}, results)

    def _text_chunk(self) -> tuple[bytes, bytes]:
        before, after = self._choice({"content": "\0"}, SAFE).split(rb'"\u0000"')
        return before, after

    def _choice(
        self, delta: Json, results: Json | None, reason: str | None = None
    ) -> bytes:
        choice: Json = {
            "index": 0,
            "delta": delta,
            "finish_reason": reason,
            "logprobs": None,
        }
        if results is not None:
            choice["content_filter_results"] = results
        return frame(self._chunk([choice], None))

    def _chunk(self, choices: list[Json], usage: object) -> Json:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": MODEL,
            "system_fingerprint": FINGERPRINT,
            "choices": choices,
            "usage": usage,
        }
