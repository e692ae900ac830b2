"""Records that wait in memory: their order, and their size."""

from telemetry.journal.waiting import Waiting


def test_the_oldest_is_first_and_the_newest_is_dropped_last() -> None:
    waiting = Waiting()
    for line in (b"1\n", b"22\n", b"333\n"):
        waiting.put(line)
    assert (len(waiting), waiting.size) == (3, 9)
    assert waiting.first(9, 9) == [b"1\n", b"22\n", b"333\n"]
    waiting.drop_first(1)
    assert (len(waiting), waiting.size) == (2, 7)
    waiting.drop_last()
    assert (len(waiting), waiting.size) == (1, 3)
    waiting.drop_first(1)
    assert (len(waiting), waiting.size, waiting.first(9, 9)) == (0, 0, [])


def test_a_piece_is_bounded_but_one_line_may_be_larger() -> None:
    waiting = Waiting()
    for line in (b"333\n", b"1\n", b"22\n"):
        waiting.put(line)
    assert waiting.first(2, 9) == [b"333\n"]
    assert waiting.first(6, 9) == [b"333\n", b"1\n"]
    assert waiting.first(6, 5) == [b"333\n"]
    assert waiting.first(6, 3) == []
