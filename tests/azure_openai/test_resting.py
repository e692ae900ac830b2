"""Which backends rest, as health and metrics tell it."""

from azure_openai.backends import Last
from tests.azure_openai.test_backends import BUSY, ONE, TWO, pool


def test_what_rests_is_what_is_not_asked() -> None:
    """A single backend is asked in spite of the pause that it wanted."""
    several, clock = pool(ONE, TWO)
    single, _ = pool(ONE)
    for each in (several, single):
        each.failed(ONE, BUSY)
    assert list(several.known()) == [(ONE, 30, None), (TWO, 0, None)]
    assert list(single.known()) == [(ONE, 0, None)]
    clock.now += 30
    assert list(several.known()) == [(ONE, 0, None), (TWO, 0, None)]


def test_what_became_of_the_last_request_is_known() -> None:
    several, _ = pool(ONE, TWO)
    several.note(TWO, "status", 401)
    several.note(TWO, "answered", 200)
    assert [last for _, _, last in several.known()] == [None, Last("answered", 200)]
