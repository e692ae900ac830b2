"""LangGraph's graphs, wherever they stand in a chain."""

import itertools
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol, cast

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableLambda,
    ensure_config,
)
from pydantic import JsonValue

from runnables import paused, states
from runnables.chunks import Translator
from runnables.generator import Chain
from runnables.pregel import forget_remote, is_graph, is_local, is_remote
from runnables.pruning import prune_soon
from runnables.states import Part, put_out
from runnables.structure import Place, parts, unbound
from runs import Run
from streaming.errors import ThreadRequired
from streaming.events import Interrupt, TextDelta

type _Streamed = tuple[tuple[str, ...], str, object]
"""The graph within the graph, if it is one; the mode; and what it streams."""

MODES: Mapping[str, object] = {
    "stream_mode": list(states.MODES),
    "subgraphs": True,
}
"""What a graph is to stream; by default it is its state after each node."""


def step(part: Chain, place: Place) -> Chain | None:
    """A graph within a chain, as it streams there; `None` for anything else."""
    return GraphStep(part, place) if is_graph(part) else None


class Saver(Protocol):
    """What a checkpointer of LangGraph has."""

    async def adelete_thread(self, thread_id: str) -> None: ...


@dataclass(slots=True)
class Visit:
    """One run's visit of the thread *key*.

    *resume* answers what is pending there, which the first graph of the run takes, and
    is *by_id* if it names what it answers; *dropped* are the questions that this run's
    question replaces, *asked* those of a request that asks the last of them again;
    `pending` is what its graphs wait for at its end.
    """

    key: str
    resume: JsonValue = None
    by_id: bool = False
    dropped: Sequence[str] = ()
    asked: Sequence[str] = ()
    pending: list[Interrupt] = field(default_factory=list)


class GraphStep(Runnable[object, object]):
    """A graph within another runnable, or on a thread.

    The last one's parts are the chain's, an output parser gets its messages, and any
    other step its final state, as from `ainvoke`. A *visit* keeps its state, under
    *key*, unless it is one that no thread could have *kept*.
    """

    def __init__(
        self,
        graph: Chain,
        place: Place,
        visit: Visit | None = None,
        *,
        key: str = "",
        can_wait: bool = False,
        kept: bool = True,
    ) -> None:
        self.graph, self._place, self._kept = graph, place, kept
        self._visit, self._key, self._can_wait = visit, key, can_wait
        self.name = graph.name

    async def state(self, config: RunnableConfig) -> paused.State:
        """What the graph has kept on the thread."""
        return await paused.state(self.graph, self._on_thread(config))

    def tidy(self) -> None:
        """Free what no run reads again, if the checkpointer is ours."""
        from runnables.checkpoints import StoreSaver  # It imports LangGraph.

        saver = getattr(self.graph, "checkpointer", None)
        if isinstance(saver, StoreSaver):
            prune_soon(saver, self._key)

    async def forget(self) -> None:
        """Delete what the graph has kept on the thread."""
        for each in (self.graph, *with_subgraphs(self.graph)):
            if is_remote(each):
                await forget_remote(each, self._key)
            saver = getattr(each, "checkpointer", None)
            if hasattr(saver, "adelete_thread"):
                await cast(Saver, saver).adelete_thread(self._key)

    def invoke(self, *args: object, **kwargs: object) -> object:
        """Graphs run asynchronously here; raises `NotImplementedError`."""
        raise NotImplementedError("use ainvoke or astream")

    async def ainvoke(
        self, input: object, config: RunnableConfig | None = None, **kwargs: object
    ) -> object:
        state: object = None
        async with aclosing(self._parts(input, config, kwargs)) as chunks:
            async for part in chunks:
                if part.mode == "values":
                    state = part.payload
        return state

    async def astream(
        self, input: object, config: RunnableConfig | None = None, **kwargs: object
    ) -> AsyncIterator[object]:
        state: object = None
        translator = Translator(Run())
        async with aclosing(_begun(self._parts(input, config, kwargs))) as chunks:
            async for part in chunks:
                match self._place, part:
                    case "last", _:
                        yield part
                    case "parsed", _:
                        for event in translator.events(part):
                            if isinstance(event, TextDelta):
                                yield AIMessageChunk(content=event.text)
                    case _, Part("values", payload):
                        state = payload
        if self._place == "inside":
            yield state
        for event in translator.end():
            if isinstance(event, TextDelta):
                yield AIMessageChunk(content=event.text)

    async def _parts(
        self, given: object, config: RunnableConfig | None, options: dict[str, object]
    ) -> AsyncGenerator[Part]:
        config, waits = self._on_thread(ensure_config(config)), False
        if self._visit is None:
            yield Part("given", given)
        else:
            resume = self._visit.resume
            within = resume is not None and is_local(self.graph)
            found = await paused.state(self.graph, config, within=within)
            yield Part("before", found.values)
            yield Part("known", {"messages": found.within})
            if resume is not None:
                by_id, boxes = self._visit.by_id, toolboxes(self.graph)
                given = paused.resumed(resume, found, boxes, by_id=by_id)
                self._visit.resume = None
                yield Part("given", found.values)
            else:
                dropped, asked = self._visit.dropped, self._visit.asked
                given = paused.anew(
                    given, found, self.graph, dropped=dropped, asked=asked
                )
                yield Part("given", given)
        names = outputs(self.graph)
        chunks = self.graph.astream(given, config, **{**options, **MODES})
        async with aclosing(cast(AsyncGenerator[_Streamed], chunks)) as stream:
            async for namespace, mode, payload in stream:
                if mode == "updates" and states.is_interrupt(payload):
                    self._check_that_it_can_wait()
                    waits = True
                    continue
                if mode == "custom" and self._place != "last":
                    await adispatch_custom_event(mode, payload, config=config)
                elif mode == "values":
                    if not namespace:
                        yield Part(mode, put_out(payload, names))
                else:
                    yield Part(mode, payload, "|".join(namespace))
        if waits and self._visit is not None:
            found = await paused.state(self.graph, config)
            self._visit.pending += found.pending
            if self._place != "last":
                raise paused.Paused

    def _on_thread(self, config: RunnableConfig) -> RunnableConfig:
        own = {**config.get("configurable", {})}
        if self._visit is not None:
            own["thread_id"] = self._key
        elif not is_local(self.graph):
            # A server that is named no thread keeps none.
            own.pop("thread_id", None)
        return RunnableConfig(**{**config, "configurable": own})

    def _check_that_it_can_wait(self) -> None:
        if self._visit is None and self._kept:
            raise ThreadRequired
        if not self._can_wait:
            of = states.IN_A_BRANCH if self._kept else states.IN_A_FUNCTION
            raise ThreadRequired(of)
        if is_local(self.graph) and not getattr(self.graph, "checkpointer", None):
            raise ThreadRequired(states.NOWHERE_KEPT)


async def _begun(parts_of_it: AsyncGenerator[Part]) -> AsyncGenerator[Part]:
    """What a graph streams, and its states only once there is more than those.

    With the first chunk LangChain gives up falling back on another runnable.
    """
    held: list[Part] = []
    begun = False
    async with aclosing(parts_of_it) as chunks:
        async for part in chunks:
            held.append(part)
            begun = begun or part.mode not in ("given", "values")
            while begun and held:
                yield held.pop(0)
    for each in held:
        yield each


def outputs(chain: Chain) -> Sequence[str] | None:
    """The names of what a graph puts out of its state; `None` means all."""
    found = getattr(unbound(chain), "output_channels", None)
    return found if isinstance(found, list | tuple) else None


def savers(chain: Chain) -> list[Saver]:
    """The checkpointers of the graphs in *chain*."""
    found: dict[int, Saver] = {}
    for part in parts(chain):
        called = part.deps if isinstance(part, RunnableLambda) else ()
        for each in itertools.chain.from_iterable(map(with_subgraphs, (part, *called))):
            saver = getattr(each, "checkpointer", None)
            if hasattr(saver, "adelete_thread"):
                found[id(saver)] = cast(Saver, saver)
    return list(found.values())


def with_subgraphs(chain: Chain) -> list[Chain]:
    """A graph, and all graphs within it that can be found."""
    if not is_local(chain):
        return []
    subgraphs: Callable[..., Iterable[tuple[str, Chain]]]
    subgraphs = getattr(chain, "get_subgraphs")  # noqa: B009  # A graph has it.
    return [chain, *(graph for _, graph in subgraphs(recurse=True))]


def toolboxes(chain: Chain) -> list[Collection[str]]:
    """The names of the tools in each node of a graph, and of its subgraphs, that has
    tools."""
    nodes = [
        getattr(node, "bound", None)
        for graph in with_subgraphs(chain)
        for node in getattr(graph, "nodes", {}).values()
    ]
    found = [getattr(node, "tools_by_name", None) for node in nodes]
    return [list(each) for each in found if isinstance(each, dict)]
