"""The nodes of a graph, as one run tells of them."""

from collections.abc import Iterable, Mapping

from streaming.dialects._langgraph import shown
from streaming.events import Node, NodeUpdate
from streaming.requests import Message


class Nodes:
    """Knows which node speaks, and which messages each has said.

    To this wire a chain is a graph too: of one node, which has the *chain*'s name. What
    is within a graph is told with its place if *subgraphs* are asked for.
    """

    def __init__(self, chain: str, *, subgraphs: bool) -> None:
        self._chain, self._subgraphs = chain, subgraphs
        self._now = Node("", 1)
        self._said: dict[str, list[str]] = {}
        """Places of messages, from the outermost node on, by their ids."""
        self._told: dict[int, set[str]] = {}
        """Ids of messages that an update has told, by how deep its graph is."""

    def enter(self, node: Node) -> None:
        self._now = node

    def say(self, id: str) -> None:
        """The node that speaks has begun the message *id*."""
        self._said[id] = self._now.place.split("|")

    def mode(self, name: str) -> str:
        """The name of an event of the node that speaks: *name*, and its graph's place
        if that was asked for."""
        return self._of(name, self._now.graph)

    def _of(self, name: str, graph: str) -> str:
        return f"{name}|{graph}" if graph and self._subgraphs else name

    def metadata(self) -> Mapping[str, object]:
        return {
            "langgraph_node": self._now.name or self._chain,
            "langgraph_step": self._now.step,
            "langgraph_checkpoint_ns": self._now.place,
        }

    def update(
        self, ended: NodeUpdate, answered: Iterable[Message]
    ) -> tuple[str, shown.Fields] | None:
        """The event that tells of *ended*, whose messages are among *answered*; `None`
        if nobody has asked for it."""
        if ended.graph and not self._subgraphs:
            return None
        graph = [each for each in ended.graph.split("|") if each]
        told = self._told.setdefault(len(graph), set())
        new = [
            each
            for each in answered
            if each.id not in told and self._is_in(str(each.id), graph, ended.name)
        ]
        told |= {str(each.id) for each in new}
        values = shown.Fields(ended.values if isinstance(ended.values, dict) else {})
        if new:
            values["messages"] = [*map(shown.message, new)]
        return self._of("updates", ended.graph), {ended.name: values or None}

    def _is_in(self, id: str, graph: list[str], name: str) -> bool:
        *around, node = [*self._said.get(id, ["", ""])][: len(graph) + 1]
        return around == graph and node.partition(":")[0] == name

    def rest(self, answered: Iterable[Message]) -> shown.Fields | None:
        """The messages that no update has told, as an update of the chain; `None` if
        updates have told them all."""
        told = self._told.get(0)
        new = [shown.message(each) for each in answered if each.id not in (told or ())]
        return {self._chain: {"messages": new}} if new or told is None else None
