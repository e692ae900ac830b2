"""The runs of the LangGraph SDK: begun, waited for, followed, stopped."""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.chat import start
from app.langgraph import body_of, kept
from app.langgraph.answer import Answer, Values
from app.langgraph.kept import Kept
from app.langgraph.known_runs import shown_run
from app.langgraph.told_run import ToldRun
from app.langgraph.values import of_answer, of_graph, with_input
from runs import Run, reading
from runs.thread import Thread
from runs.thread_notes import Note
from runs.thread_places import key_of
from server.background import InBackground
from server.request import check_starts_anew
from streaming import sse
from streaming.dialects._langgraph import request as asking
from streaming.errors import NotFound, ThreadBusy
from streaming.headers import JSON


async def stream(app: App, request: Request, run: Run) -> Response:
    return await begun(app, request, run, streamed=True)


async def wait(app: App, request: Request, run: Run) -> Response:
    """The values after the run."""
    return await begun(app, request, run, streamed=False)


async def background(app: App, request: Request, run: Run) -> Response:
    """Begin a run that goes on by itself; this answers once its status is known."""
    made = await begun(app, request, run, streamed=True)
    run.goes_on = True
    told = ToldRun(run.id, run.chain, request.path_params.get("thread"), ())
    shown = shown_run(reading.begun(run.log)) if run.log else {}
    said = Response(sse.dumps(shown), headers={**told.headers(), **JSON})
    return InBackground(made, run, said, waits=True)


async def begun(app: App, request: Request, run: Run, *, streamed: bool) -> Response:
    check_starts_anew(request.headers)
    asked = asking.read(await body_of(app, request))
    chain, thread = app.chains.find(asked.assistant), request.path_params.get("thread")
    there = await _there(app, run, thread, creates=asked.creates)
    at, earlier = asked.checkpoint or there.checkpoint, None
    if at and (at != there.checkpoint or (asked.brings_nothing and not there.pending)):
        there, earlier = there.at(at), there.earlier(at)
    schema, _ = await app.chains.input_of(chain)
    keeps = await app.chains.keeps_state(chain)
    chat = asked.request(
        chain=chain,
        thread_id=thread,
        known=there.known,
        earlier=earlier,
        variables=schema,
        keeps=keeps,
        streamed=streamed,
    )
    told = ToldRun(run.id, chain, thread, asked.modes, streamed, asked.subgraphs)
    before = with_input(there.values, chat)
    if not keeps:
        answer = Answer(told, before=before, final=of_answer(before))
    else:
        answer = _of_graph(app, run, told, before)
    return start(app, chat, run, answer)


async def _there(app: App, run: Run, thread: str | None, *, creates: bool) -> Kept:
    """The thread before the run; raises `ThreadBusy` if another one is on it."""
    if thread is None:
        return Kept("", Note())
    try:
        found = await kept.read(app, run.owner, thread)
    except NotFound:
        if not creates:
            raise
        note = Note()  # The thread is there, however its run ends.
        await app.threads.notes.create(run.owner, thread, note)
        return Kept(thread, note)
    if found.running:
        raise ThreadBusy
    return found


def _of_graph(app: App, run: Run, told: ToldRun, before: Values) -> Answer:
    """A graph without a thread has its state until its answer is written."""
    key = key_of(run.owner, told.thread_id or run.id)
    final = of_graph(app, told.chain, key)
    if told.thread_id is not None:
        return Answer(told, before=before, final=final)
    run.thread = Thread(run.id, key)
    forget = partial(app.chains.forget, told.chain, key)
    return Answer(told, before=before, final=final, over=forget)
