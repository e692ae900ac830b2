"""An answer that nobody has seen yet, without what was withdrawn of it."""

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing

from streaming.events import (
    BLANK_LINE,
    Event,
    Paragraph,
    Redact,
    Refusal,
    TextDelta,
)

type _Span = tuple[int, int]


async def settled(events: AsyncGenerator[Event]) -> AsyncGenerator[Event]:
    """*events*, once all are there, as `without_withdrawn` has them."""
    held: list[Event] = []
    pieces: list[str] = []
    async with aclosing(events):
        async for event in events:
            if type(event) is TextDelta and held and type(held[-1]) is TextDelta:
                pieces.append(event.text)
                continue
            _join(held, pieces)
            held.append(event)
    _join(held, pieces)
    for event in without_withdrawn(held):
        yield event


def _join(held: list[Event], pieces: list[str]) -> None:
    """Put *pieces* into the one text that they go on with."""
    if pieces and isinstance(last := held.pop(), TextDelta):
        held.append(TextDelta(last.deployment, "".join([last.text, *pieces])))
        pieces.clear()


def without_withdrawn(events: Iterable[Event]) -> Iterator[Event]:
    """*events* without the text that some of them withdraw, and without those."""
    held = list(events)
    spans = sorted(
        (each.start_offset, each.end_offset)
        for each in held
        if isinstance(each, Redact)
    )
    at, begun, apart = 0, False, False
    for event in held:
        match event:
            case TextDelta(_, text):
                left = _left(text, at, spans)
                at += len(text)
                if isinstance(event, Paragraph):
                    left, apart = left.removeprefix(BLANK_LINE), True
                if left:
                    yield _again(event, left, apart=apart and begun)
                    begun, apart = True, False
            case Redact():
                pass
            case _:
                yield event


def _left(text: str, at: int, spans: Sequence[_Span]) -> str:
    """What the *spans* leave of *text*, which is *at* so many characters."""
    kept, place = [], 0
    for start, end in spans:
        kept.append(text[place : max(place, start - at)])
        place = max(place, min(len(text), end - at))
    return "".join([*kept, text[place:]])


def _again(event: TextDelta, text: str, *, apart: bool) -> TextDelta:
    if isinstance(event, Refusal):
        return Refusal(event.deployment, text)
    if apart:
        return Paragraph(event.deployment, BLANK_LINE + text)
    return TextDelta(event.deployment, text)
