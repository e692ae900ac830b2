"""Which messages of a thread a chain gets, and which calls of tools stay in it."""

from collections.abc import Sequence

from streaming.requests import ChatRequest, Message

PARTS_PER_MESSAGE = 4
"""Limit on the average: a model's SDK takes a third of a millisecond for each part."""


def newest(
    kept: Sequence[Message], new: Sequence[Message], *, most: int
) -> list[Message]:
    """The newest *most* of *kept* and *new*, all of *new* among them.

    They begin with a message of the user, and never between calls of tools and their
    results; unless the new ones alone are more, there are no more parts than they may
    have.
    """
    given = [*settled(kept, new), *new]
    first, parts = len(given) - len(new), sum(map(weight, new))
    least = begins = first
    while least > 0 and len(given) - least < most:
        parts += weight(given[least - 1])
        if parts > most * PARTS_PER_MESSAGE:
            break
        least -= 1
        if given[least].role == "user":
            begins = least
    if begins == first and new and new[0].role == "tool":
        begins = _call_before(given, first)
    return given[begins:]


def _call_before(given: Sequence[Message], place: int) -> int:
    """Where the answer is whose calls the results from *place* on are of."""
    while place > 0 and given[place].role == "tool":
        place -= 1
    return place


def unanswered(request: ChatRequest) -> Sequence[Message]:
    """The messages after the newest answer, if the request has the conversation."""
    if not request.whole:
        return request.messages
    answers = [n for n, each in enumerate(request.messages) if each.role == "assistant"]
    return request.messages[answers[-1] + 1 :] if answers else request.messages


def asked_again(
    kept: Sequence[Message], posted: Sequence[Message]
) -> tuple[int, int] | None:
    """Where the last question of *posted* is there, and in *kept*, whose question it
    replaces; `None` if it replaces none, as that of a failed run.

    A page posts its whole conversation, or only the question.
    """
    ours, theirs = _places(kept), _places(posted)
    if not theirs:
        return None
    asked = [kept[place].content for place in ours]
    *earlier, question = (posted[place].content for place in theirs)
    number = len(earlier)
    if not earlier or asked[:number] != earlier:
        same = (n for n, each in enumerate(asked) if each == question)
        number = max(same, default=len(asked) if earlier else 0)
    return (theirs[-1], ours[number]) if number < len(ours) else None


def questions(messages: Sequence[Message]) -> list[Message]:
    return [messages[place] for place in _places(messages)]


def _places(messages: Sequence[Message]) -> list[int]:
    """Where the questions of *messages* are."""
    return [n for n, message in enumerate(messages) if message.role == "user"]


def weight(message: Message) -> int:
    content = message.content if isinstance(message.content, list) else ()
    return len(content) + len(message.tool_calls or ())


def settled(kept: Sequence[Message], new: Sequence[Message] = ()) -> list[Message]:
    """*kept* without calls of tools that have no result there, nor first in *new*.

    Providers refuse a conversation that has one, or a result without its call.
    """
    given = [*kept, *new]
    found: list[Message] = []
    called: set[str] = set()
    for place, message in enumerate(kept):
        if message.role == "tool":
            if message.tool_call_id in called:
                called.discard(message.tool_call_id)
                found.append(message)
            continue
        called = set()
        if message.tool_calls:
            answered = _answered(given, place)
            calls = [call for call in message.tool_calls if call.id in answered]
            if not calls and message.content is None:
                continue
            called = {call.id for call in calls}
            message = message.model_copy(update={"tool_calls": calls or None})
        found.append(message)
    return found


def _answered(given: Sequence[Message], place: int) -> set[str]:
    """The ids of the results that follow the message at *place*."""
    ids: set[str] = set()
    for message in given[place + 1 :]:
        if message.role != "tool" or message.tool_call_id is None:
            break
        ids.add(message.tool_call_id)
    return ids
