"""The only place that runs a runnable: a request in, neutral events out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from time import monotonic

from azure_openai import refusals
from runnables import asker, conversation, errors, histories, leftovers
from runnables.answer_limit import AnswerLimit
from runnables.callback import RunCallback
from runnables.chunks import Translator
from runnables.exits import contained
from runnables.large import converted
from runnables.marks import Marks
from runnables.prepared import Prepared, sampled
from runnables.taken import taken
from runs import Run
from streaming.errors import ChatError, InternalError
from streaming.events import Event
from streaming.requests import ChatRequest
from streaming.upstream_errors import UnreadableAnswer

TURN_SECONDS = 0.01
TURN_CHUNKS = 64
"""For how long, and for how many chunks that are there already, one run may keep the
others from the event loop."""

NOTHING = "The chain gave nothing: neither an answer nor a call of a model."


async def events_of(
    prepared: Prepared, request: ChatRequest, run: Run, *, bounded: bool = False
) -> AsyncGenerator[Event]:
    """Run a chain on *request*; every exception comes out as a `ChatError`.

    LangChain's callbacks fill in *run*. An answer may not have too many or too long
    tool calls; *bounded* chains use models that check this themselves.
    """
    given = await converted(partial(prepared.input.of, request), request.messages)
    sampling = request.sampling.model_dump(exclude_none=True)
    chain = sampled(prepared.chain, sampling)
    translator = Translator(run, given, prepared.outputs)
    more = [] if bounded else [AnswerLimit(), Marks(translator.report)]
    own = {"sampling": sampling, "caller_tools": taken(chain, request)}
    config = asker.config(run, {**own, **_history(prepared, request)})
    config["callbacks"] = [RunCallback(run), *more]
    key = config["configurable"]["thread_id"]
    turn, passed = monotonic(), 0
    said = ended = False
    refusals.asked_limit.set(request.limit_name)
    begun = leftovers.watch()
    try:
        with contained:
            chunks = chain.astream(given, config, **prepared.options)
            try:
                async for chunk in chunks:
                    for event in translator.events(chunk):
                        said = True
                        yield event
                    passed += 1
                    if passed == TURN_CHUNKS or monotonic() - turn > TURN_SECONDS:
                        await asyncio.sleep(0)
                        turn, passed = monotonic(), 0
            finally:
                await _leave(chunks, prepared, request.id)
        for event in _ending(translator, run, said=said):
            yield event
        ended = True
    except Exception as exc:
        error = _explain(exc, prepared, given, request.id)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # It was raised while cleaning up, and must not hide the cancellation.
            raise asyncio.CancelledError from None
        raise error from None
    finally:
        if not ended:
            await leftovers.clean_up(begun)
        if prepared.savers and not run.thread:
            await leftovers.forget(prepared.savers, key)


def _history(prepared: Prepared, request: ChatRequest) -> dict[str, object]:
    if not prepared.has_history:
        return {}
    return {histories.EARLIER: conversation.earlier(request)}


def _ending(translator: Translator, run: Run, *, said: bool) -> Iterator[Event]:
    """What is left to tell, which may not be nothing, unless a model was asked.

    LangChain's stream of what a parser cannot read is empty."""
    if not translator.heard and any(call.output_bytes for call in run.calls.values()):
        raise UnreadableAnswer()
    for event in translator.end():
        said = True
        yield event
    if not said and not run.calls:
        raise InternalError(NOTHING)


def _explain(
    exc: Exception, prepared: Prepared, given: object, request_id: str
) -> ChatError:
    """The caller's error. A `KeyError` may be a variable that the request lacks, or the
    chain's own fault: the log has where."""
    if prepared.tracebacks and not isinstance(exc, ChatError):
        errors.log_traceback(exc, request_id)
    if isinstance(exc, KeyError) and (error := prepared.input.missing(exc, given)):
        errors.log_unexpected(exc, request_id)
        return error
    return errors.to_chat_error(exc, request_id)


async def _leave(
    chunks: AsyncIterator[object], prepared: Prepared, request_id: str
) -> None:
    """Close the chain's own generator; its exceptions are dropped, as the run is
    over."""
    try:
        with contained:
            # `Runnable.astream` is typed as an iterator; it is always a generator.
            await chunks.aclose()  # type: ignore[attr-defined]
    except Exception as exc:
        errors.log_unexpected(exc, request_id)
        if prepared.tracebacks:
            errors.log_traceback(exc, request_id)
