"""Which question of a thread is asked again, whatever a page still has of it."""

import pytest

from runs.trimming import asked_again
from streaming.requests import ContentPart, Message


def said(texts: str) -> list[Message]:
    """Questions in small letters, answers as capitals."""
    return [
        Message(role="assistant" if each.isupper() else "user", content=each)
        for each in texts
    ]


@pytest.mark.parametrize(
    ("kept", "posted", "left"),
    [
        ("aA", "a", ""),
        ("aAbB", "aAb", "aA"),
        ("aAbB", "a", ""),
        ("aAbB", "x", ""),
        ("aAbB", "b", "aA"),
        ("aAaA", "a", "aA"),
        ("aAaAaA", "aAa", "aA"),
        ("aAbBcC", "aAx", "aA"),
        # A run between them has failed, so that only the page has its question.
        ("aAbB", "aAfb", "aA"),
        ("aA", "aAf", "aA"),
        ("aA", "aAfg", "aA"),
        # The thread has lost its oldest turns, or the page has.
        ("bBcC", "aAbBc", "bB"),
        ("aAbBcC", "bBc", "aAbB"),
        # Another page has gone on with the thread.
        ("aAbBcC", "aAb", "aA"),
        ("aAbcC", "aAbc", "aAb"),
    ],
)
def test_what_came_before_it_is_left(kept: str, posted: str, left: str) -> None:
    found = asked_again(said(kept), said(posted))
    place = found[1] if found else len(kept)
    assert kept[:place] == left
    if found:
        assert posted[found[0] :] == posted[-1]


def test_files_are_compared_too() -> None:
    part = ContentPart(type="file", file={"file_data": "data:,b"})
    question = Message(role="user", content=[part])
    other = Message(role="user", content=[ContentPart(type="text", text="b")])
    kept = [*said("aA"), question, *said("B"), other, *said("C")]
    assert asked_again(kept, [question]) == (0, 2)
    assert asked_again(kept, [*said("xX"), question]) == (2, 2)


@pytest.mark.parametrize(("kept", "posted"), [("", "a"), ("A", "a"), ("aA", "")])
def test_where_nothing_was_asked_nothing_is_asked_again(kept: str, posted: str) -> None:
    assert asked_again(said(kept), said(posted)) is None
