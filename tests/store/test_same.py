"""Whatever is asked of an engine, in whatever order: it does as memory does."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from store import ANY, Conflict, Document, Store
from store.memory import MemoryStore
from store.storage_entity import MAX_BYTES
from tests.store.conftest import Clock, Open

KEEP = 50.0

EXAMPLES = count()

names = st.sampled_from(["a", "b.c"])
lines = st.sampled_from([b"", b"one\n", b"two\nthree\n"])
values = st.sampled_from([b"", b"1", b"22", bytes(MAX_BYTES + 1)])
keeps = st.sampled_from([None, KEEP])
two = st.booleans()

type Versions = dict[tuple[str, str], list[tuple[str, str]]]


class Same(RuleBasedStateMachine):
    """Every call goes to memory, and to one of two stores of the same place."""

    def __init__(self, opener: Open, clock: Clock) -> None:
        super().__init__()
        self._prefix = f"{next(EXAMPLES)}-"
        self._clock, self._model = clock, MemoryStore(clock=clock)
        self._runner = asyncio.Runner()
        self._stores = self._runner.run(opened(opener))
        self._finished: set[str] = set()
        self._versions: Versions = {}

    def teardown(self) -> None:
        for store in self._stores:
            self._runner.run(done(store.close()))
        self._runner.close()

    def same(
        self, second: bool, call: Callable[[Store], Awaitable[object]]
    ) -> tuple[object, object]:
        expected = self._runner.run(done(call(self._model)))
        found = self._runner.run(done(call(self._stores[second])))
        assert bare(found) == bare(expected)
        return found, expected

    @rule(second=two, log=names, lines=lines, back=st.sampled_from([0, 0, 0, 4, 9]))
    def append(self, second: bool, log: str, lines: bytes, back: int) -> None:
        at, log = max(0, self.length(log) - back), self._prefix + log
        keep = KEEP if log in self._finished else None
        self.same(second, lambda store: store.append(log, lines, at=at, keep=keep))

    @rule(second=two, log=names, lines=lines)
    def finish(self, second: bool, log: str, lines: bytes) -> None:
        at, log = self.length(log), self._prefix + log
        self._finished.add(log)
        self.same(second, lambda store: store.append(log, lines, at=at, keep=KEEP))

    @rule(second=two, log=names, at=st.sampled_from([0, 4, 9, 14, 1000]))
    def read(self, second: bool, log: str, at: int) -> None:
        self.same(second, lambda store: store.read(self._prefix + log, at))

    @rule(second=two, log=names)
    def drop(self, second: bool, log: str) -> None:
        self.same(second, lambda store: store.drop(self._prefix + log))

    @rule(
        second=two,
        place=st.tuples(names, names),
        value=values,
        keep=keeps,
        known=st.sampled_from(["none", "any", "newest", "older"]),
    )
    def put(
        self,
        second: bool,
        place: tuple[str, str],
        value: bytes,
        keep: float | None,
        known: str,
    ) -> None:
        version = self.version(place, known)

        def put(store: Store) -> Awaitable[str]:
            given = version[store is self._model] if version else None
            at = self._prefix + place[0], place[1]
            return store.put(*at, value, version=given, keep=keep)

        match self.same(second, put):
            case str(theirs), str(ours):
                self._versions.setdefault(place, []).append((theirs, ours))

    @rule(second=two, place=st.tuples(names, names))
    def get(self, second: bool, place: tuple[str, str]) -> None:
        at = self._prefix + place[0], place[1]
        self.same(second, lambda store: store.get(*at))

    @rule(second=two, place=st.tuples(names, names))
    def delete(self, second: bool, place: tuple[str, str]) -> None:
        at = self._prefix + place[0], place[1]
        self.same(second, lambda store: store.delete(*at))

    @rule(second=two, partition=names)
    def list(self, second: bool, partition: str) -> None:
        self.same(second, lambda store: store.list(self._prefix + partition))

    @rule(second=two)
    def tidy(self, second: bool) -> None:
        self.same(second, lambda store: store.tidy())

    # Redis has a time of its own.
    @precondition(lambda self: not self._clock.real)
    @rule(seconds=st.sampled_from([KEEP / 2, KEEP, 700.0]))
    def pass_by(self, seconds: float) -> None:
        self._clock.now += seconds

    def length(self, log: str) -> int:
        found = self._runner.run(self._model.read(self._prefix + log, 0))
        if found is None:
            self._finished.discard(self._prefix + log)
        return len(found or b"")

    def version(self, place: tuple[str, str], known: str) -> tuple[str, str] | None:
        there = self._versions.get(place)
        if known == "any":
            return ANY, ANY
        if known == "none" or not there:
            return None
        return there[-1] if known == "newest" else there[0]


async def opened(opener: Open) -> tuple[Store, Store]:
    return opener(), opener()


async def done(call: Awaitable[object]) -> object:
    try:
        return await call
    except Conflict:
        return Conflict


def bare(found: object) -> object:
    """Without versions, which are each engine's own."""
    match found:
        case Document(value):
            return value
        case list():
            return [(key, document.value) for key, document in found]
        case str():
            return "a version"
        case _:
            return found


def test_an_engine_does_as_memory_does(opener: Open, clock: Clock) -> None:
    class OfEngine(Same):
        def __init__(self) -> None:
            super().__init__(opener, clock)

    run_state_machine_as_test(
        OfEngine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
