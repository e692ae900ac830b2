"""One call of a model: its backend, times, tokens and finish reason.

Fields are named as in OpenTelemetry's GenAI conventions, if those have a name. See:
https://github.com/open-telemetry/semantic-conventions-genai
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Literal

from runs.finish_reasons import in_our_words
from runs.tokens import BYTES_PER_TOKEN, MOST, summed
from streaming.events import FinishReason, Usage
from streaming.upstream_errors import UpstreamError, UpstreamIncomplete

log = logging.getLogger(__name__)

PARAMETERS = (
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "seed",
    "n",
    "frequency_penalty",
    "presence_penalty",
)
"""The numeric request parameters that are recorded, by OpenAI's names."""

OperationName = Literal["chat", "embeddings", "text_completion"]


def parameters(asked: Mapping[str, object]) -> dict[str, float]:
    given = {name: asked.get(name) for name in PARAMETERS}
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, int | float)
        and not isinstance(value, bool)
        and -MOST <= value <= MOST
    }


@dataclass(slots=True)
class ModelCall:
    """One call of a model; `usage` is `None` until the provider has sent it.

    `estimate` counts the tokens if the provider never sends a count; `parameters` are
    the request's, by OpenAI's names. `operation` is OpenTelemetry's word, `provider`
    LangChain's, `backend` is known of calls on our own wire alone. `output_bytes` are
    of text, `other_bytes` of reasoning and the arguments of tools. What `answered` has
    given more than thoughts; `unshown` is what of that no dialect has a word for. Times
    are `time.monotonic()`.
    """

    deployment: str
    model: str = ""
    operation: OperationName = "chat"
    provider: str = ""
    backend: str = ""
    region: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    started: float = field(default_factory=monotonic)
    first_chunk: float | None = None
    last_chunk: float | None = None
    chunks: int = 0
    ended_at: float | None = None
    error: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None
    ended: bool = False
    answered: bool = False
    unshown: str = ""
    failed: bool = False
    output_bytes: int = 0
    other_bytes: int = 0
    estimate: Callable[[], Usage] = Usage
    _prompt: int | None = None

    @property
    def prompt_tokens(self) -> int:
        """About how many tokens the prompt has."""
        if self._prompt is None:
            self._prompt = self.estimate().input_tokens
        return self._prompt

    @property
    def wrote(self) -> bool:
        """Whether the model has given anything, be it the arguments of a tool."""
        if self.chunks:
            return bool(self.output_bytes + self.other_bytes)
        return bool((self.usage or self.estimate()).output_tokens)

    @property
    def written_tokens(self) -> int:
        """About how many tokens the model has written so far."""
        written = self.output_bytes + self.other_bytes
        return max(self.chunks, written // BYTES_PER_TOKEN)

    @property
    def cut(self) -> bool:
        """Whether the call ended without the finish reason that our own wire has."""
        ours = bool(self.backend)
        return ours and self.ended and self.finish_reason is None and not self.failed

    def note_chunks(self, at: float, count: int = 1) -> None:
        if self.first_chunk is None:
            self.first_chunk = at
        self.last_chunk = at
        self.chunks += count

    def note_finish(self, reason: str) -> None:
        """Record the provider's *reason* in our words; `content_filter` beats all.

        A reason that no success has is a failure on our own wire; of a model that
        people bring it says nothing.
        """
        known = in_our_words(reason)
        if known is None and self.backend:
            log.warning("unknown finish reason %.40r, taken for a failure", reason)
            self.failed = True
            return
        if known is None:
            log.warning("unknown finish reason %.40r, taken for 'stop'", reason)
        if self.finish_reason != "content_filter":
            self.finish_reason = known or "stop"


def total(calls: Iterable[ModelCall]) -> Usage:
    """What all *calls* have used: the providers' numbers, else estimates."""
    each = [call.usage or call.estimate() for call in calls]
    return Usage(
        input_tokens=summed(usage.input_tokens for usage in each),
        output_tokens=summed(usage.output_tokens for usage in each),
        total_tokens=summed(usage.total_tokens for usage in each),
        cached_tokens=summed(usage.cached_tokens for usage in each),
        reasoning_tokens=summed(usage.reasoning_tokens for usage in each),
        estimated=any(usage.estimated for usage in each),
    )


def failure(calls: Iterable[ModelCall]) -> UpstreamError | None:
    """What *calls* have failed of, though none has raised an error."""
    each = list(calls)
    if any(call.failed for call in each):
        return UpstreamError("The model's provider broke off its answer.")
    if any(call.cut for call in each):
        return UpstreamIncomplete()
    return None
