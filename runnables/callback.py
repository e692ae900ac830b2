"""LangChain's callbacks, which fill in a `Run`'s model calls."""

from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from langchain_core.callbacks.base import BaseCallbackHandler
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from runnables import blocks, media
from runnables.estimates import (
    count_generation,
    count_messages,
    estimate,
    estimating,
    generations,
    size_of_the_rest,
)
from runs import ModelCall, Run
from runs.model_call import parameters
from runs.tokens import (
    BYTES_PER_TOKEN,
    count_tokens,
    provided,
    summed,
)
from streaming.events import Usage

type Fields = dict[str, Any]
type Json = Mapping[str, Any]
"""An object of LangChain's, whose values are of many types."""

SERVICE_TIERS = ("priority", "flex")
"""Before the names of usage details, if the request was served in one of these."""

_FINISH_KEYS = ("finish_reason", "stop_reason", "stopReason", "done_reason", "status")


class RunCallback(BaseCallbackHandler):
    """Fills in a `Run` while its chain streams.

    Inline and synchronous, so that a token costs neither a thread nor a task. *failed*
    gets the ids of the messages of calls that fail.
    """

    run_inline = True
    ignore_chain = True
    ignore_retriever = True

    def __init__(self, run: Run, failed: set[str] | None = None) -> None:
        self._run = run
        self._failed = set() if failed is None else failed
        self._messages: dict[UUID, str] = {}

    def on_chat_model_start(
        self,
        serialized: Fields | None,
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        metadata: Fields | None = None,
        **kwargs: object,
    ) -> None:
        prompt = [message for batch in messages for message in batch]
        call = self._begin(run_id, serialized, metadata, kwargs)
        call.estimate = estimating(call, partial(count_messages, prompt))

    def on_llm_start(
        self,
        serialized: Fields | None,
        prompts: list[str],
        *,
        run_id: UUID,
        metadata: Fields | None = None,
        **kwargs: object,
    ) -> None:
        call = self._begin(run_id, serialized, metadata, kwargs)
        call.operation = "text_completion"
        call.estimate = estimating(call, lambda: sum(map(count_tokens, prompts)))

    def _begin(
        self,
        run_id: UUID,
        serialized: Json | None,
        metadata: Json | None,
        more: Json,
    ) -> ModelCall:
        constructor = (serialized or {}).get("kwargs") or {}
        model = str((metadata or {}).get("ls_model_name") or "")
        deployment = constructor.get("deployment_name") or constructor.get(
            "azure_deployment"
        )
        call = ModelCall(
            deployment=str(deployment or model or self._run.chain),
            model=model,
            provider=str((metadata or {}).get("ls_provider") or ""),
            parameters=parameters(more.get("invocation_params") or {}),
        )
        self._run.begin_call(run_id, call)
        self._run.meter.look()
        return call

    def on_llm_new_token(
        self, token: object, *, chunk: object = None, run_id: UUID, **kwargs: object
    ) -> None:
        message = getattr(chunk, "message", None)
        text = token if isinstance(token, str) else getattr(message, "text", "")
        info = getattr(chunk, "generation_info", None)
        self.note_chunk(text, message, info or {}, run_id)

    def note_chunk(
        self, text: str, message: BaseMessage | None, info: Json, run_id: UUID
    ) -> None:
        """Note a chunk with *text*, whose *message* may name the backend and have
        usage, and *info* the finish reason."""
        call = self._run.calls.get(run_id)
        if call is not None and call.first_chunk is None:
            _note_upstream(call, _metadata(message))
            self._run.meter.look()
            self._messages[run_id] = str(message.id if message else "")
        self.note_text(text, run_id)
        if call is None:
            return
        if other := size_of_the_rest(message):
            call.other_bytes += other
            self._run.meter.note(other)
        if usage := getattr(message, "usage_metadata", None):
            call.usage = _with(call.usage, _usage(usage))
            self._run.meter.look()
        if info:
            _note_finish(call, info)

    def note_text(self, text: str, run_id: UUID) -> None:
        """Note a chunk that has nothing but *text*."""
        self._run.active_at = now = monotonic()
        call = self._run.calls.get(run_id)
        if call is None:
            return
        call.note_chunks(now)
        # A graph's call may end only after its run has been recorded.
        size = len(text.encode("utf-8", "replace"))
        call.output_bytes += size
        meter = self._run.meter
        # As `Meter.note`, without a call for each token.
        meter.written += size if size > BYTES_PER_TOKEN else BYTES_PER_TOKEN
        if meter.written >= meter.overdue_at:
            meter.overdue()

    def on_llm_end(
        self, response: LLMResult, *, run_id: UUID, **kwargs: object
    ) -> None:
        self._end(run_id, response)

    def on_llm_error(
        self,
        error: BaseException,
        *,
        run_id: UUID,
        response: LLMResult | None = None,
        **kwargs: object,
    ) -> None:
        self._end(run_id, response)
        if not isinstance(error, GeneratorExit):  # Whoever closes it has enough of it.
            self._failed |= {self._messages.get(run_id, ""), f"lc_run--{run_id}"}
        call = self._run.calls.get(run_id)
        if call is None:
            return
        call.ended = False  # It failed, which is said otherwise; it was not cut.
        call.error = type(error).__name__
        # Of the SDK's errors: the backend that was asked last.
        _note_upstream(call, getattr(getattr(error, "request", None), "extensions", {}))
        if call.usage is None and isinstance(error, Exception):
            refused = not call.estimate().output_tokens
            # A call that was refused costs nothing, unless its prompt was filtered.
            if refused and getattr(error, "code", None) != "content_filter":
                call.usage = Usage()

    def _end(self, run_id: UUID, response: LLMResult | None) -> None:
        call = self._run.calls.get(run_id)
        if call is None:
            return
        call.ended = True
        self._run.active_at = call.ended_at = monotonic()
        output = 0
        for generation in generations(response):
            output += count_generation(generation)
            call.answered = call.answered or bool(generation.text)
            if isinstance(generation, ChatGeneration):
                _note_message(call, generation.message)
            # The stream's own reasons, read per chunk, are not merged into one word.
            if call.finish_reason is None:
                _note_finish(call, generation.generation_info or {})
        if call.usage is None:
            seen = call.estimate()  # Also where the response of a failure has nothing.
            output = max(output, seen.output_tokens)
            call.estimate = partial(estimate, seen.input_tokens, output)

    def on_tool_start(self, *args: object, **kwargs: object) -> None:
        self._run.tools_running += 1

    def on_tool_end(self, *args: object, **kwargs: object) -> None:
        self._tool_ended()

    def on_tool_error(self, *args: object, **kwargs: object) -> None:
        self._tool_ended()

    def _tool_ended(self) -> None:
        self._run.tools_running -= 1
        self._run.active_at = monotonic()


def _note_finish(call: ModelCall, info: Json, *, calls: bool = False) -> None:
    """Note the reason in *info*; the Responses API's status does not tell *calls*."""
    for key in _FINISH_KEYS:
        reason = info.get(key)
        if not isinstance(reason, str) or not reason:
            continue
        if key == "status" and calls and reason == "completed":
            reason = "tool_calls"
        details = info.get("incomplete_details")
        if isinstance(details, Mapping) and details.get("reason") == "content_filter":
            reason = "content_filter"
        call.note_finish(reason)
        return


def _note_upstream(call: ModelCall, said: Json) -> None:
    """Record the backend that answered, if *said* names it, as our own models do."""
    upstream = said.get("upstream")
    if isinstance(upstream, dict):
        call.deployment = str(upstream.get("deployment") or call.deployment)
        call.backend = str(upstream.get("backend") or "")
        call.region = str(upstream.get("region") or "")


def _metadata(message: BaseMessage | None) -> Json:
    return message.response_metadata if message else {}


def _note_message(call: ModelCall, message: BaseMessage) -> None:
    if call.first_chunk is None:
        _note_upstream(call, _metadata(message))
    if isinstance(message, AIMessage):
        call.answered = call.answered or blocks.answers(message)
        call.unshown = media.unshown(message)
    if call.finish_reason is None:
        calls = isinstance(message, AIMessage) and bool(message.tool_calls)
        _note_finish(call, message.response_metadata, calls=calls)
    model = message.response_metadata.get("model_name")
    if isinstance(model, str) and model:
        call.model = model
    usage = getattr(message, "usage_metadata", None)
    if call.usage is None and isinstance(usage, Mapping):
        call.usage = _usage(usage)


def _usage(said: Mapping[str, object]) -> Usage | None:
    return provided(
        prompt=said.get("input_tokens"),
        completion=said.get("output_tokens"),
        total=said.get("total_tokens"),
        cached=_detail(said, "input", "cache_read"),
        reasoning=_detail(said, "output", "reasoning"),
    )


def _detail(said: Mapping[str, object], kind: str, name: str) -> object:
    """A detail by LangChain's *name*, before which the service tier may stand."""
    details = said.get(f"{kind}_token_details")
    if not isinstance(details, Mapping):
        return None
    names = (name, *(f"{tier}_{name}" for tier in SERVICE_TIERS))
    return next((details[each] for each in names if details.get(each)), None)


def _with(before: Usage | None, now: Usage | None) -> Usage | None:
    """The usage of a call that has streamed *before* and *now*.

    Some providers send running totals, which LangChain adds up; others send the
    prompt's tokens first and the answer's last.
    """
    if before is None or now is None or (before.input_tokens and now.input_tokens):
        return now or before
    return Usage(
        input_tokens=summed((before.input_tokens, now.input_tokens)),
        output_tokens=summed((before.output_tokens, now.output_tokens)),
        total_tokens=summed((before.total_tokens, now.total_tokens)),
        cached_tokens=summed((before.cached_tokens, now.cached_tokens)),
        reasoning_tokens=summed((before.reasoning_tokens, now.reasoning_tokens)),
    )
