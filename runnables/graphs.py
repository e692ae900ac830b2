"""LangGraph's graphs, wherever they stand in a chain."""

import itertools
import sys
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from typing import Protocol, cast

from langchain_core.callbacks import adispatch_custom_event
from langchain_core.messages import AIMessageChunk
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableLambda,
    ensure_config,
)

from runnables import states
from runnables.chunks import Translator
from runnables.generator import Chain
from runnables.states import Part, put_out, refuse_interrupt
from runnables.structure import Place, parts, unbound
from runs import Run
from streaming.events import TextDelta

type _Streamed = tuple[tuple[str, ...], str, object]
"""The graph within the graph, if it is one; the mode; and what it streams."""

MODES: Mapping[str, object] = {
    "stream_mode": list(states.MODES),
    "subgraphs": True,
}
"""What a graph is to stream; by default it is its state after each node."""


def is_graph(chain: Chain) -> bool:
    """Whether *chain* is a graph, local or remote."""
    return _is_any(chain, "langgraph.pregel.protocol", "PregelProtocol")


def is_local(chain: Chain) -> bool:
    return _is_any(chain, "langgraph.pregel", "Pregel")


def _is_any(chain: Chain, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(chain, kind)


def step(part: Chain, place: Place) -> Chain | None:
    """A graph within a chain, as it streams there; `None` for anything else."""
    return GraphStep(part, place) if is_graph(part) else None


class Saver(Protocol):
    """What a checkpointer of LangGraph has."""

    async def adelete_thread(self, thread_id: str) -> None: ...


class GraphStep(Runnable[object, object]):
    """A graph within another runnable.

    The last one's parts are the chain's, an output parser gets its messages, and any
    other step its final state, as from `ainvoke`.
    """

    def __init__(self, graph: Chain, place: Place) -> None:
        self.graph, self._place = graph, place
        self.name = graph.name

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
        yield Part("given", given)
        config = ensure_config(config)
        if not is_local(self.graph):
            # A server that is named no thread keeps none.
            own = {**config.get("configurable", {})}
            own.pop("thread_id", None)
            config["configurable"] = own
        names = outputs(self.graph)
        chunks = self.graph.astream(given, config, **{**options, **MODES})
        async with aclosing(cast(AsyncGenerator[_Streamed], chunks)) as stream:
            async for namespace, mode, payload in stream:
                if mode == "updates" and isinstance(payload, dict):
                    refuse_interrupt(payload)
                if mode == "custom" and self._place != "last":
                    await adispatch_custom_event(mode, payload, config=config)
                elif mode == "values":
                    if not namespace:
                        yield Part(mode, put_out(payload, names))
                elif not namespace or mode != "updates":
                    yield Part(mode, payload)


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
        for each in itertools.chain.from_iterable(
            map(_with_subgraphs, (part, *called))
        ):
            saver = getattr(each, "checkpointer", None)
            if hasattr(saver, "adelete_thread"):
                found[id(saver)] = cast(Saver, saver)
    return list(found.values())


def _with_subgraphs(chain: Chain) -> list[Chain]:
    if not is_local(chain):
        return []
    subgraphs: Callable[..., Iterable[tuple[str, Chain]]]
    subgraphs = getattr(chain, "get_subgraphs")  # noqa: B009  # A graph has it.
    return [chain, *(graph for _, graph in subgraphs(recurse=True))]
