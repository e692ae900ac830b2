"""Which backends rest, as health and metrics tell it."""

from tests.azure_openai.test_backends import BUSY, ONE, TWO, pool


def test_what_rests_is_what_is_not_asked() -> None:
    """A single backend is asked in spite of the pause that it wanted."""
    several, clock = pool(ONE, TWO)
    single, _ = pool(ONE)
    for each in (several, single):
        each.failed(ONE, BUSY)
    assert dict(several.resting()) == {ONE: 30, TWO: 0}
    assert dict(single.resting()) == {ONE: 0}
    clock.now += 30
    assert dict(several.resting()) == {ONE: 0, TWO: 0}
