"""Records that wait in memory: their order, and their size."""

from telemetry.journal.waiting import Waiting


def test_the_oldest_is_first_and_the_newest_is_dropped_last() -> None:
    waiting = Waiting()
    for line in (b"1\n", b"22\n", b"333\n"):
        waiting.put(line)
    assert (len(waiting), waiting.size, waiting.first) == (3, 9, b"1\n")
    waiting.drop_first()
    assert (len(waiting), waiting.size, waiting.first) == (2, 7, b"22\n")
    waiting.drop_last()
    assert (len(waiting), waiting.size, waiting.first) == (1, 3, b"22\n")
    waiting.drop_first()
    assert (len(waiting), waiting.size) == (0, 0)
