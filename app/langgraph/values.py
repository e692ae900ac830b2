"""The values of a thread around a run: before it, while it goes on, and after it."""

from collections.abc import Sequence

from app import App
from app.langgraph import kept
from app.langgraph.answer import Final, Values
from app.langgraph.kept import Kept
from app.langgraph.told_run import ToldRun
from app.runs import find_run
from runs import Run
from runs.reading import RUNNING
from streaming.dialects._langgraph import shown
from streaming.dialects.json import decode
from streaming.errors import NotFound
from streaming.requests import ChatRequest, Message


def with_input(values: Values, chat: ChatRequest) -> Values:
    """The *values* of a thread and what the run brings."""
    given = decode(chat.echo.get("given", "{}").encode())
    new = given.pop("messages", None)
    if not isinstance(new, list):
        return {**values, **given}
    # A graph that runs has put them into its state.
    there = {each.get("id") for each in kept.messages_of(values)}
    made = [Message.model_validate(each) for each in new if each["id"] not in there]
    return _with_messages({**values, **given}, made)


async def now(app: App, run: Run, found: Kept) -> Kept:
    """*found* with what the run that is on the thread was asked, if this wire began it
    and its answer is still being made."""
    try:
        logged = await find_run(app, found.running or "", run.owner)
    except NotFound:
        return found
    asked = logged.header.request()
    known = asked.echo.keys() & {"from", "given"}
    if not known or logged.status != RUNNING or found.checkpoint == found.running:
        return found
    cut = asked.echo.get("from")
    before = found.at(cut) if cut in found.checkpoints else found
    return found.asked(with_input(before.values, asked), asked.chain or "")


def _with_messages(values: Values, new: Sequence[Message]) -> Values:
    before = kept.messages_of(values)
    return {**values, "messages": [*before, *map(shown.message, new)]}


def of_answer(before: Values) -> Final:
    """What was said before, and the answer."""

    async def final(answered: Sequence[Message], more: Values) -> Values:
        return {**_with_messages(before, answered), **more}

    return final


def of_graph(app: App, chain: str, key: str) -> Final:
    """What the graph keeps on the thread *key*."""

    async def final(answered: Sequence[Message], more: Values) -> Values:
        state, _ = await app.chains.kept(chain, key, whole=True)
        return {**(state if isinstance(state, dict) else {}), **more}

    return final


def of_thread(app: App, run: Run, told: ToldRun) -> Final:
    """What is kept of the thread, if it is still as the run has left it."""

    async def final(answered: Sequence[Message], more: Values) -> Values | None:
        found = await kept.read(app, run.owner, str(told.thread_id))
        return {**found.values, **more} if found.checkpoint == told.run_id else None

    return final
