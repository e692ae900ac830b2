"""The choice of a backend, on a clock and with a chance of the test's own."""

import math
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_openai import backends as module
from azure_openai.backends import TRIAL_SECONDS, BackendPool
from azure_openai.failure import NO_CREDENTIAL, NO_SUCH_VERSION, SILENT, BackendFailure
from settings import Settings
from settings.backends import Backend

BUSY = BackendFailure("status 429", busy=True, wait=30)


def backend(name: str, **more: object) -> Backend:
    return Backend.model_validate(
        {"endpoint": f"https://{name}.example", "deployment": name, **more}
    )


class Clock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


ONE, TWO, THREE = backend("one"), backend("two", priority=2), backend("three")


def pool(*given: Backend, chance: float = 0.0) -> tuple[BackendPool, Clock]:
    clock = Clock()
    return BackendPool(given, clock=clock, chance=lambda: chance), clock


def test_the_lowest_priority_that_is_ready_is_asked() -> None:
    choice, clock = pool(TWO, ONE)
    assert choice.choose() == ONE
    choice.failed(ONE, BUSY)
    assert choice.choose() == TWO
    clock.now += 29.9
    assert choice.choose() == TWO
    clock.now += 0.2
    assert choice.choose() == ONE


def test_who_was_tried_is_not_asked_again() -> None:
    choice, _ = pool(ONE, TWO)
    assert choice.choose([ONE]) == TWO
    assert choice.choose([ONE, TWO]) is None


def test_weights_share_the_load_within_a_priority() -> None:
    light, heavy = backend("light"), backend("heavy", weight=3)
    last = backend("last", priority=2, weight=100)
    choice = BackendPool([light, heavy, last], chance=Random(1).random)
    chosen = Counter(choice.choose() for _ in range(10_000))
    assert chosen.keys() == {light, heavy}
    assert chosen[heavy] / chosen[light] == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize(
    ("failure", "seconds"),
    [
        (BackendFailure("", busy=True, wait=7), 7),
        (BackendFailure("", busy=True, wait=86_400), 120),
        (BackendFailure("", busy=True), 5),
        (SILENT, 5),
        (BackendFailure("", refused=True), 60),
        # It is this server's own, and may be there again for the next one.
        (NO_CREDENTIAL, 5),
    ],
)
def test_how_long_it_cools_down(failure: BackendFailure, seconds: float) -> None:
    choice, clock = pool(ONE, TWO)
    choice.failed(ONE, failure)
    clock.now += seconds - 0.01
    assert choice.ready() == [TWO]
    clock.now += 0.02
    assert choice.ready() == [ONE, TWO]


def test_a_shorter_wait_does_not_end_a_longer_one() -> None:
    choice, clock = pool(ONE, TWO)
    choice.failed(ONE, BUSY)
    choice.failed(ONE, SILENT)
    clock.now += 20
    assert choice.ready() == [TWO]


def test_the_last_that_is_ready_cools_down_only_where_it_asks_for_it() -> None:
    choice, _ = pool(ONE, TWO)
    choice.failed(ONE, SILENT)
    choice.failed(TWO, SILENT)
    assert choice.choose() == TWO
    choice.failed(TWO, BUSY)
    assert choice.choose() is None
    assert choice.ready_in() == 5


def test_each_failure_in_a_row_doubles_the_cool_down_up_to_a_minute() -> None:
    choice, clock = pool(ONE, TWO)
    waits = []
    for _ in range(7):
        for _ in range(10):  # Those that were asked together fail together.
            choice.failed(ONE, SILENT)
        before = clock.now
        while choice.choose() == TWO:
            clock.now += 1
        waits.append(clock.now - before)
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    choice.answered(ONE)
    choice.failed(ONE, SILENT)
    clock.now += 5
    assert choice.choose() == ONE


def test_who_was_busy_or_refuses_is_not_kept_out_for_longer_each_time() -> None:
    choice, clock = pool(ONE, TWO)
    for failure, seconds in (
        (BackendFailure("", busy=True), 5),
        (BackendFailure("", refused=True), 60),
    ):
        for _ in range(3):
            choice.failed(ONE, failure)
            clock.now += seconds
            assert choice.ready() == [ONE, TWO]


def test_who_was_busy_is_asked_by_all_again_when_it_said() -> None:
    choice, clock = pool(ONE, TWO)
    choice.failed(ONE, BUSY)
    clock.now += 30
    assert [choice.choose() for _ in range(3)] == [ONE, ONE, ONE]


def test_one_that_cooled_down_is_tried_by_one_request_at_a_time() -> None:
    choice, clock = pool(ONE, TWO)
    choice.failed(ONE, SILENT)
    clock.now += 5
    assert [choice.choose() for _ in range(3)] == [ONE, TWO, TWO]
    clock.now += TRIAL_SECONDS  # Whoever tried it has left, for all that is known.
    assert [choice.choose() for _ in range(3)] == [ONE, TWO, TWO]
    choice.answered(ONE)
    assert [choice.choose() for _ in range(3)] == [ONE, ONE, ONE]


def test_a_trial_that_fails_is_over_with_the_next_cool_down() -> None:
    choice, clock = pool(ONE, TWO)
    for seconds in (5, 10):
        choice.failed(ONE, SILENT)
        clock.now += seconds
        assert [choice.choose() for _ in range(2)] == [ONE, TWO]


@pytest.mark.parametrize(
    "answer", [NO_SUCH_VERSION, BackendFailure("busy", busy=True, wait=0)]
)
def test_who_answers_a_trial_at_all_is_no_longer_tried(answer: BackendFailure) -> None:
    choice, clock = pool(ONE, TWO)
    choice.failed(ONE, SILENT)
    clock.now += 5
    assert choice.choose() == ONE
    choice.failed(ONE, answer)
    assert [choice.choose() for _ in range(3)] == [ONE, ONE, ONE]


def test_a_trial_keeps_nobody_out_where_no_other_is_ready() -> None:
    choice, clock = pool(ONE, TWO)
    choice.failed(ONE, SILENT)
    clock.now += 5
    assert choice.choose() == ONE
    choice.failed(TWO, BUSY)
    assert choice.choose() == ONE


def test_when_the_next_one_is_ready_that_was_not_tried() -> None:
    choice, clock = pool(ONE, TWO, THREE)
    choice.failed(ONE, BUSY)
    choice.failed(THREE, SILENT)
    assert choice.ready_in() == choice.ready_in([ONE]) == 0
    assert choice.ready_in([TWO]) == 5
    assert choice.ready_in([TWO, THREE]) == 30
    assert choice.ready_in([ONE, TWO, THREE]) == math.inf
    clock.now += 5
    assert choice.ready_in([TWO]) == 0


def test_a_single_one_is_always_asked() -> None:
    choice, _ = pool(ONE)
    for failure in (SILENT, BUSY):
        choice.failed(ONE, failure)
    assert choice.choose() == ONE
    assert choice.ready_in() == 0


failures = st.builds(
    BackendFailure,
    reason=st.just("of some kind"),
    busy=st.booleans(),
    refused=st.booleans(),
    wait=st.none() | st.floats(0, 300),
)


@given(
    priorities=st.lists(st.integers(0, 3), min_size=2, max_size=6),
    weights=st.lists(st.floats(0.01, 100), min_size=6, max_size=6),
    steps=st.lists(
        st.tuples(st.integers(0, 5), failures, st.floats(0, 60)), max_size=12
    ),
    chances=st.lists(st.floats(0, 1, exclude_max=True), min_size=6, max_size=6),
)
def test_every_choice_is_ready_of_the_lowest_priority_and_made_once(
    priorities: list[int],
    weights: list[float],
    steps: list[tuple[int, BackendFailure, float]],
    chances: list[float],
) -> None:
    all_ = [
        backend(str(index), priority=priority, weight=weight)
        for index, (priority, weight) in enumerate(
            zip(priorities, weights, strict=False)
        )
    ]
    clock, chance = Clock(), iter(chances)
    choice = BackendPool(all_, clock=clock, chance=lambda: next(chance))
    ready_at, in_a_row = dict.fromkeys(all_, 0.0), dict.fromkeys(all_, 0)
    for index, failure, later in steps:
        failing = all_[index % len(all_)]
        others = [each for each in all_ if each != failing]
        if failure.busy or any(ready_at[each] <= clock.now for each in others):
            if not failure.busy and failure.wait != 0:
                in_a_row[failing] += ready_at[failing] <= clock.now
            ends = clock.now + failure.cool_down(in_a_row[failing])
            ready_at[failing] = max(ready_at[failing], ends)
        choice.failed(failing, failure)
        clock.now += later
    ready = {each for each in all_ if ready_at[each] <= clock.now}
    soonest = min(ready_at.values()) - clock.now
    assert choice.ready_in() == (0 if ready else soonest)
    tried: list[Backend] = []
    while chosen := choice.choose(tried):
        left = ready - set(tried)
        assert chosen in left
        assert chosen.priority == min(each.priority for each in left)
        tried.append(chosen)
    assert set(tried) == ready


def test_the_default_deployment_is_each_backends_own() -> None:
    settings = Settings(azure_openai_backends=(ONE, TWO))
    assert module.of(settings).ready() == [ONE, TWO]
    assert module.of(settings, "one") is module.of(settings)


def test_another_deployment_is_asked_for_at_each_endpoint_once() -> None:
    twin = ONE.model_copy(update={"deployment": "twin", "priority": 9})
    settings = Settings(azure_openai_backends=(ONE, twin, TWO))
    asked = [
        (each.endpoint, each.deployment) for each in module.of(settings, "x").ready()
    ]
    assert asked == [("https://one.example", "x"), ("https://two.example", "x")]


def test_what_one_has_learnt_all_know() -> None:
    given = (backend("shared"), backend("other"))
    module.of(Settings(azure_openai_backends=given)).failed(given[0], BUSY)
    again = Settings(azure_openai_backends=tuple(each.model_copy() for each in given))
    assert module.of(again).choose() == given[1]


def test_a_cool_down_is_never_over_before_now() -> None:
    choice, clock = pool(ONE, TWO)
    for each in (ONE, TWO):
        choice.failed(each, BUSY)
    waits = []
    while choice.choose() is None:
        waits.append(choice.ready_in())
        clock.now += 0.25
    assert min(waits) >= 0
    assert choice.ready_in() == 0
