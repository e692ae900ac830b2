"""Which of a thread's checkpoints no run reads again."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from runnables.checkpoint_documents import Step, key_of, made, name, values_of


def unneeded(steps: Sequence[Step], keys: AbstractSet[str]) -> list[AbstractSet[str]]:
    """The documents to delete of those with *keys*, one set after the other.

    Of each namespace the newest checkpoint stays, with what tasks have written since
    and the values that it refers to. A document that no checkpoint refers to may be a
    running graph's, whose checkpoint comes after it. Whatever is deleted halfway is
    found again: the steps that tell of it go last.
    """
    kept = list(_kept(steps, keys))
    there = set(map(key_of, kept))
    gone = [step for step in steps if key_of(step) not in there]
    spaces = {step["space"] for step in kept}
    values = {place for step in gone for place in values_of(step).values()}
    values -= {place for step in kept for place in values_of(step).values()}
    writes = {name("writes", step["space"], made(step)) for step in gone}
    heads = {
        name("head", each["space"]) for each in gone if each["space"] not in spaces
    }
    calls = {key_of(step) for step in gone if _is_call(step["space"])}
    others = {key_of(step) for step in gone} - calls
    return [(values | writes | heads) & keys, calls, others]


def _kept(steps: Sequence[Step], keys: AbstractSet[str]) -> Iterator[Step]:
    spaces: dict[str, dict[str, Step]] = {}
    for step in steps:
        spaces.setdefault(step["space"], {})[made(step)] = step
    roots = spaces.get("", {})
    for space, own in spaces.items():
        newest = own[max(own)]
        root = newest["metadata"].get("parents", {}).get("")
        if _is_call(space) and root in roots and root != max(roots):
            continue  # The graph has gone on since it called this subgraph.
        yield from _needed(newest, own, keys)


def _is_call(space: str) -> bool:
    """Whether a namespace is that of one call: it ends with the id of a task."""
    return ":" in space


def _needed(
    newest: Step, own: Mapping[str, Step], keys: AbstractSet[str]
) -> Iterator[Step]:
    """*newest*, and those before it that LangGraph rebuilds a `DeltaChannel` from."""
    rest = {channel for step in own.values() for channel in _deltas(step)}
    # A channel without a version has never been written.
    rest &= values_of(newest).keys()
    step: Step | None = newest
    while step is not None:
        yield step
        rest -= {each for each, place in values_of(step).items() if place in keys}
        step = own.get(step["parent"] or "") if rest else None


def _deltas(step: Step) -> Iterator[str]:
    """The channels of which only what was added since is kept, at some step."""
    counters = step["metadata"].get("counters_since_delta_snapshot")
    yield from counters or ()
