"""What a graph removes from its state of what it has said."""

from collections.abc import Iterable, Sequence, Set

from langchain_core.messages import AIMessage, BaseMessage, RemoveMessage

from runnables.said import Said
from runnables.states import ALL_MESSAGES


class Removals:
    """Tells a guard, which removes an answer, from a step that keeps the history short.

    Whatever removes the newest message is a guard. If a tool has given a result since,
    it is one only if it puts another message in its place.
    """

    def __init__(self) -> None:
        self._kept: set[str | None] = set()  # In the graph's state.
        self._state: set[str | None] = set()

    def gone(
        self, update: Sequence[BaseMessage], said: Iterable[Said], *, resulted: bool
    ) -> list[Said]:
        """Which of all that was *said* an *update* of the state withdraws."""
        removed = {each.id for each in update if isinstance(each, RemoveMessage)}
        put = {each.id: each for each in update if each.id not in removed}
        new = [put[key] for key in put.keys() - self._kept]
        before = [each for each in dict.fromkeys(said) if each.ids & self._kept]
        self._kept |= put.keys()
        gone = [each for each in before if _is_gone(each, removed, put.keys())]
        is_newest = bool(gone) and gone[-1] is before[-1]
        is_replaced = any(isinstance(each, AIMessage) for each in new)
        return gone if is_newest and (is_replaced or not resulted) else []

    def lost(self, state: Sequence[BaseMessage], said: Iterable[Said]) -> list[Said]:
        """Which of all that was *said* a new *state* has another message instead of.

        A state without a reducer has what its newest update gives.
        """
        kept, self._state = self._state, {each.id for each in state} or self._state
        new = [each for each in state if each.id not in kept]
        before = [each for each in dict.fromkeys(said) if each.ids & kept]
        gone = [each for each in before if not each.ids & self._state]
        is_replaced = any(isinstance(each, AIMessage) for each in new)
        return gone if gone and is_replaced and gone[-1] is before[-1] else []


def _is_gone(said: Said, removed: Set[str | None], put: Set[str | None]) -> bool:
    return bool(said.ids & removed or ALL_MESSAGES in removed) and not said.ids & put
