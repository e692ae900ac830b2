"""The runs of the LangGraph SDK: begun, waited for, followed, stopped."""

import asyncio
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message as Part

from app import App
from app.chat import start
from app.langgraph import body_of, kept
from app.langgraph.answer import Answer, ToldRun, Values
from app.langgraph.kept import Kept
from app.langgraph.known_runs import shown_run
from app.langgraph.values import of_answer, of_graph, with_input
from app.runs import find_run
from runs import Run
from runs.thread import Thread
from runs.thread_notes import Note
from runs.threads import key_of
from server.request import check_starts_anew
from streaming import sse
from streaming.dialects._langgraph import request as asking
from streaming.errors import NotFound, ShuttingDown, ThreadBusy
from streaming.headers import JSON

_going_on: set[asyncio.Task[None]] = set()
"""Keeps references to the tasks of runs without a connection."""


async def stream(app: App, request: Request, run: Run) -> Response:
    return await begun(app, request, run, streamed=True)


async def wait(app: App, request: Request, run: Run) -> Response:
    """The values after the run."""
    return await begun(app, request, run, streamed=False)


async def background(app: App, request: Request, run: Run) -> Response:
    """Begin a run that goes on by itself; this answers once its status is known."""
    response = await begun(app, request, run, streamed=True)
    run.goes_on = True
    begins: asyncio.Future[Part] = asyncio.get_running_loop().create_future()
    refusal = bytearray()

    async def receive() -> Part:
        await asyncio.wait({begins})
        return {"type": "http.disconnect"}

    async def send(part: Part) -> None:
        if part["type"] == "http.response.start":
            begins.set_result(part)
        elif begins.result()["status"] != 200:
            refusal.extend(part["body"])

    going_on = asyncio.create_task(response({"type": "http"}, receive, send))
    _going_on.add(going_on)
    going_on.add_done_callback(_going_on.discard)
    going_on.add_done_callback(lambda _: begins.cancel())
    await asyncio.wait({begins})
    if begins.cancelled():
        raise ShuttingDown
    if (status := begins.result()["status"]) != 200:
        await going_on
        raw = begins.result()["headers"]
        named = {name.decode(): value.decode() for name, value in raw}
        return Response(bytes(refusal), status, named)
    told = ToldRun(run.id, run.chain, request.path_params.get("thread"), ())
    found = await find_run(app, run.id, run.owner)
    headers = {**told.headers(), **JSON}
    return Response(sse.dumps(shown_run(found)), headers=headers)


async def begun(app: App, request: Request, run: Run, *, streamed: bool) -> Response:
    check_starts_anew(request.headers)
    asked = asking.read(await body_of(app, request))
    chain, thread = app.chains.find(asked.assistant), request.path_params.get("thread")
    there = await _there(app, run, thread, creates=asked.creates)
    earlier = None
    if asked.checkpoint not in (None, there.checkpoint):
        there, earlier = there.at(asked.checkpoint), there.earlier(asked.checkpoint)
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
    told = ToldRun(run.id, chain, thread, asked.modes, streamed)
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
        return Kept(thread, Note())
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
