"""What a request to the Responses API refers to, found: the conversation before it.

A response has the conversation of its own run, whose log has the answer. A graph keeps
its state on a thread, which the first response of a conversation gives its own id.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import JsonValue, TypeAdapter, ValidationError

from app import App, response_inputs
from app.response_inputs import apart
from runs import Run, reading
from runs.on_thread import KEPT
from runs.reading import RUNNING, LoggedRun
from runs.trimming import PARTS_PER_MESSAGE, newest
from runs.turn import Turn
from streaming import recorded
from streaming.approvals import decision
from streaming.dialects import responses
from streaming.dialects.responses.items import APPROVAL, conversation
from streaming.errors import InvalidRequest, NotFound, ThreadBusy, TooLarge, invalid
from streaming.requests import ChatRequest, Message

Item = Mapping[str, object]

_ITEM_ID = re.compile(r"(?:msg|rs|fc|mcp)_([0-9a-f]{32})_([0-9]{1,6})")
_RESPONSE_ID = re.compile(r"resp_([0-9a-f]{32})")
_MESSAGES: TypeAdapter[list[Message]] = TypeAdapter(list[Message])
_VALUE: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


async def placed(app: App, asked: ChatRequest, run: Run) -> ChatRequest:
    """*asked* with the conversation that it goes on with; a resume if it answers what
    is pending there."""
    asked = await _whole(app, asked, run)
    if (before := _before(asked)) is not None:
        asked = await _after(app, asked, run, before)
    elif await _needs_thread(app, asked):
        own = f"resp_{run.id.replace('-', '')}"
        asked = asked.model_copy(update={"thread_id": own})
    return await _resuming(app, asked, run)


async def _needs_thread(app: App, asked: ChatRequest) -> bool:
    """Whether a graph would keep its state, and has no place for it."""
    if asked.thread_id is not None or not asked.response.store:
        return False
    return await app.chains.keeps_state(app.chains.find(asked.chain))


async def find(app: App, run: Run, response_id: str) -> LoggedRun | None:
    """The run of a response that a chain has made, if there is one of the caller's."""
    run_id = run_of(response_id)
    try:
        return await reading.read(app.logs, run_id, run.owner) if run_id else None
    except NotFound:
        return None


def run_of(response_id: str) -> str | None:
    """The id of the run whose response has that id."""
    found = _RESPONSE_ID.fullmatch(response_id)
    return str(UUID(found[1])) if found else None


async def _whole(app: App, asked: ChatRequest, run: Run) -> ChatRequest:
    """*asked* with the items that its input only refers to."""
    items: list[Item] = []
    made: dict[str, dict[str, Item]] = {}
    seen: set[str] = set()
    most = app.settings.max_messages * PARTS_PER_MESSAGE
    if len(asked.response.items) > most:
        raise TooLarge(f"input: more than {most} items.")
    for number, item in enumerate(asked.response.items):
        key = str(item.get("id"))
        if item.get("type") != "item_reference":
            items.append(item)
        elif key not in seen and not key.startswith("mcpr_"):
            seen.add(key)
            items.append(await _item(app, run, key, f"input.{number}", made))
    if not seen:
        return asked
    turns = _MESSAGES.validate_python(conversation(items))
    instructions, _ = apart(asked)
    return asked.model_copy(update={"messages": [*instructions, *turns]})


async def _item(
    app: App, run: Run, key: str, where: str, made: dict[str, dict[str, Item]]
) -> Item:
    """The item *key*; *made* has those of the runs that were looked at already."""
    found = _ITEM_ID.fullmatch(key)
    if found and found[1] not in made:
        logged = await find(app, run, f"resp_{found[1]}")
        made[found[1]] = await _output(logged) if logged else {}
    if found and key in made[found[1]]:
        return made[found[1]][key]
    raise invalid(where, f"Item with id {key[:100]!r} not found; it may have expired.")


async def _output(found: LoggedRun) -> dict[str, Item]:
    output = (await resource(found))["output"]
    return {each["id"]: each for each in output} if isinstance(output, list) else {}


async def resource(found: LoggedRun) -> dict[str, object]:
    """The response of a run as its log has it."""

    def made() -> dict[str, object]:
        events = (event for line in found.lines for event in recorded.events(line))
        return responses.resource(events, found.header.request())

    return await asyncio.to_thread(made)


def _before(asked: ChatRequest) -> str | None:
    """The id of the response that is named, or of that which has asked a question."""
    if asked.response.previous_response_id is not None:
        return asked.response.previous_response_id
    for item in asked.response.items:
        question = APPROVAL.fullmatch(str(item.get("approval_request_id")))
        if question and asked.thread_id is None:
            return f"resp_{question[1]}"
    return None


async def _after(app: App, asked: ChatRequest, run: Run, before: str) -> ChatRequest:
    found = await find(app, run, before)
    if found is None:
        raise _wrong(f"there is no response {before!r}; it may have expired")
    if found.status == RUNNING:
        raise ThreadBusy(f"The response {before} is not complete yet.")
    if found.status not in KEPT:
        raise _wrong(f"the response {before} has failed")
    header = found.header
    if header.thread_id is not None:
        await _check_newest(app, found)
        return asked.model_copy(update={"thread_id": header.thread_id})
    earlier = (await response_inputs.read(app, run.owner, header.run_id)).messages
    answer = await asyncio.to_thread(_answer, found)
    instructions, new = apart(asked)
    most = app.settings.max_messages - len(instructions)
    given = newest([*earlier, *answer], new, most=most)
    return asked.model_copy(update={"messages": [*instructions, *given]})


async def _check_newest(app: App, found: LoggedRun) -> None:
    """A thread has one conversation, which goes on from its end."""
    header = found.header
    try:
        runs = (await app.threads.get(header.owner, str(header.thread_id))).runs
    except NotFound:
        raise _wrong("its conversation is gone") from None
    if max(runs, key=lambda each: runs[each], default=None) != header.run_id:
        raise _wrong("another response has gone on with its conversation")


def _answer(found: LoggedRun) -> Sequence[Message]:
    turn, done = Turn(found.header.run_id), found.done
    for line in found.lines:
        for event in recorded.events(line):
            turn.hear(event)
    reason = done.finish_reason if done else ""
    return [*turn.messages(waits=reason in ("tool_calls", "interrupt"))]


async def _resuming(app: App, asked: ChatRequest, run: Run) -> ChatRequest:
    """A resume if a result in *asked* is the answer to what is pending."""
    results = {m.tool_call_id: m.text for m in asked.messages if m.role == "tool"}
    if asked.thread_id is None or asked.resume is not None or not results:
        return asked
    try:
        thread = await app.threads.get(run.owner, asked.thread_id)
    except NotFound:
        return asked
    pending = {each["id"]: each["value"] for each in thread.pending}
    decided = _decided(asked.response.items, pending)
    given = {key: _payload(results[key]) for key in pending.keys() & results.keys()}
    if not given:
        return asked
    return asked.model_copy(update={"resume": {**given, **decided}, "messages": []})


def _decided(
    items: Sequence[Item], pending: Mapping[str, JsonValue]
) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    for item in items:
        question = APPROVAL.fullmatch(str(item.get("approval_request_id")))
        if question and question[2] in pending:
            key, approved = question[2], item.get("approve") is True
            found[key] = decision(pending[key], approved, item.get("reason"))
    return found


def _payload(text: str) -> JsonValue:
    """An object, a list or a boolean if the text is one, else the text."""
    try:
        value = _VALUE.validate_json(text)
    except ValidationError:
        return text
    return value if isinstance(value, dict | list | bool) else text


def _wrong(message: str) -> InvalidRequest:
    name = "previous_response_id"
    return invalid(name, message)
