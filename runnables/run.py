"""The only place that runs a runnable: a request in, neutral events out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from typing import TYPE_CHECKING

from langchain_core.runnables import RunnableConfig

from azure_openai import refusals
from runnables import (
    asker,
    context,
    conversation,
    errors,
    histories,
    leftovers,
    media,
    visits,
)
from runnables.answer_limit import AnswerLimit
from runnables.callback import RunCallback
from runnables.chunks import Translator
from runnables.exits import contained
from runnables.generator import Chain
from runnables.graphs import Visit
from runnables.large import converted
from runnables.loop_turn import loop_turn
from runnables.marks import Marks
from runnables.paused import Paused
from runnables.prepared import Prepared, sampled
from runnables.steps import StepTranslator
from runnables.taken import taken
from runs import Run
from runs.thread import Thread
from streaming.errors import ChatError, InternalError, NotYet
from streaming.events import Citation, Event
from streaming.requests import ChatRequest
from streaming.upstream_errors import UnreadableAnswer, UpstreamError

if TYPE_CHECKING:
    from runnables.checkpointer import AnySaver

TURN_CHUNKS = 64
"""For how many chunks that are there already one run may keep the others from the event
loop."""

NOTHING = "The chain gave nothing: neither an answer nor a call of a model."
UNSAID = "The chain shows nothing of the model's answer."


async def events_of(
    prepared: Prepared,
    request: ChatRequest,
    run: Run,
    *,
    bounded: bool = False,
    saver: "AnySaver | None" = None,
) -> AsyncGenerator[Event]:
    """Run a chain on *request* and fill in *run*; raises only `ChatError`.

    The models of *bounded* chains limit tool calls. Graphs that have none get *saver*.
    """
    visit = _visit(run.thread, request) if run.thread else None
    chain = sampled(prepared.chain, request.sampling.model_dump(exclude_none=True))
    given, asked = await _converted(prepared, chain, request, run)
    translator = _translator(prepared, request, run, given)
    more = [] if bounded else [AnswerLimit(), Marks(translator.report)]
    config = _config(prepared, request, run, asked)
    config["callbacks"] = [RunCallback(run, translator.failed), *more]
    passed, said, ended = 0, False, False
    refusals.asked_limit.set(request.limit_name)
    begun = leftovers.watch()
    try:
        with contained:
            chain = await _on_thread(chain, visit, saver)
            chunks = chain.astream(given, config, **({} if visit else prepared.options))
            try:
                async for chunk in chunks:
                    for event in translator.events(chunk):
                        said = said or not isinstance(event, Citation)
                        yield event
                    passed += 1
                    while passed == TURN_CHUNKS or loop_turn.is_over():
                        await asyncio.sleep(0)
                        passed = 0
            except Paused:
                pass  # What it waits for is in the visit.
            finally:
                await _leave(chunks, prepared, request.id)
        for event in _ending(translator, run, visit, said=said):
            yield event
        ended = True
    except Exception as exc:
        error = _explain(exc, prepared, given, request.id, asked=bool(run.calls))
        raise _unless_cancelled(error) from None
    finally:
        if not ended:
            await leftovers.clean_up(begun)
        if prepared.savers and not run.thread:
            await leftovers.forget(prepared.savers, config["configurable"]["thread_id"])


def _translator(
    prepared: Prepared, request: ChatRequest, run: Run, given: object
) -> Translator:
    kind = StepTranslator if request.steps else Translator
    return kind(
        *(run, given, prepared.outputs),
        repeated=prepared.repeated,
        answer=prepared.answer,
    )


def _config(
    prepared: Prepared, request: ChatRequest, run: Run, asked: dict[str, object]
) -> RunnableConfig:
    config = asker.config(run, asked)
    known = config["configurable"]
    known |= context.config(prepared.chain, request.inputs, known)
    return config


def _visit(thread: Thread, request: ChatRequest) -> Visit:
    dropped = [each.text for each in thread.dropped if each.role == "user"]
    asked = [each.text for each in thread.asked]
    return Visit(thread.key, request.resume, request.by_id, dropped, asked)


async def _converted(
    prepared: Prepared, chain: Chain, request: ChatRequest, run: Run
) -> tuple[object, dict[str, object]]:
    work = partial(_convert, prepared, chain, request)
    return await converted(work, request.messages, size=run.prompt_bytes)


def _convert(
    prepared: Prepared, chain: Chain, request: ChatRequest
) -> tuple[object, dict[str, object]]:
    """What *chain* gets; what the caller would have its models heed, and earlier
    messages. A resume brings nothing that a chain could get."""
    given = None if request.resume is not None else prepared.input.of(request)
    sampling = request.sampling.model_dump(exclude_none=True)
    asked: dict[str, object] = {
        "sampling": sampling,
        "caller_tools": taken(chain, request),
    }
    if prepared.has_history:
        asked[histories.EARLIER] = conversation.earlier(request)
    return given, asked


async def _on_thread(
    chain: Chain, visit: Visit | None, saver: "AnySaver | None"
) -> Chain:
    """*chain*, whose graphs keep their state; on a resume what is left of it."""
    if visit is None:
        return chain
    chain = visits.visiting(chain, visit, saver)
    visits.tidy(chain)
    return chain if visit.resume is None else await visits.rest(chain)


def _ending(
    translator: Translator, run: Run, visit: Visit | None, *, said: bool
) -> Iterator[Event]:
    """What is left to tell, which may not be nothing, unless a model was asked.

    LangChain's stream of what a parser cannot read is empty."""
    if visit and visit.pending:
        yield from translator.end(waits=True)
        yield from visit.pending
        return
    if not translator.heard and any(call.wrote for call in run.calls.values()):
        raise UnreadableAnswer()
    for event in translator.end():
        said = said or not isinstance(event, Citation)
        yield event
    if not said and (error := _unsaid(run, cited=translator.cited)):
        raise error


def _unsaid(run: Run, *, cited: bool) -> ChatError | None:
    """The error of a chain that has shown nothing, or has *cited* alone, unless the
    last model that it asked had nothing to say."""
    call = run.last_call
    if call is None:
        return None if cited else InternalError(NOTHING)
    if call.error:
        return UpstreamError()
    if not call.answered or run.finish_reason != "stop":
        return None
    if call.unshown:
        return NotYet(media.UNSHOWN.format(kind=call.unshown))
    return UnreadableAnswer(UNSAID)


def _unless_cancelled(error: ChatError) -> ChatError | asyncio.CancelledError:
    """*error*, which may not hide a cancellation, as what is raised while a run cleans
    up would."""
    task = asyncio.current_task()
    return asyncio.CancelledError() if task and task.cancelling() else error


def _explain(
    exc: Exception, prepared: Prepared, given: object, request_id: str, *, asked: bool
) -> ChatError:
    """The caller's error. What LangChain refuses before a model was *asked* may be what
    the request lacks, or the chain's own fault: the log has where."""
    if prepared.tracebacks and not isinstance(exc, ChatError):
        errors.log_traceback(exc, request_id)
    if error := prepared.input.refusal(exc, given, asked=asked):
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
