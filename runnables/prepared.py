"""A chain, prepared once for all its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables import Runnable, ensure_config
from langchain_core.runnables.base import RunnableEachBase

from runnables import (
    call_ids,
    configurable,
    functions,
    graphs,
    histories,
    own_streams,
    pregel,
    returned,
    visits,
)
from runnables.conversation import Given
from runnables.generator import Chain, GeneratorChain
from runnables.input import Input
from runnables.structure import (
    ANSWER,
    Place,
    answer_key,
    repeated,
    replaced,
    unbound,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chain, what it takes, and what it leaves behind.

    *options* are for its `astream`; *outputs*, *repeated*, *answer* as in `Translator`.
    One that *keeps* a thread's state gets only what is new there, one that
    *has_history* the earlier messages in its config, and one that *needs_saver* has a
    graph without a checkpointer. With *tracebacks*, what it raises is logged whole, its
    text too.
    """

    chain: Chain
    input: Input
    options: Mapping[str, object] = field(default_factory=dict)
    outputs: Sequence[str] | None = None
    savers: Sequence[graphs.Saver] = ()
    keeps: bool = False
    has_history: bool = False
    needs_saver: bool = False
    repeated: frozenset[str | None] = frozenset()
    answer: str = ANSWER
    tracebacks: bool = False

    @property
    def takes(self) -> frozenset[str]:
        """The fields of the caller's tools that the chain gets."""
        return getattr(self.chain, "takes", frozenset())


def prepare(chain: Chain, *, tracebacks: bool = False) -> Prepared:
    """Raises `NotConfigured` for a chain that cannot run here, and says why."""
    call_ids.install()
    chain = configurable.settled(chain)
    taken, is_graph = Input(chain), pregel.is_local(unbound(chain))
    return Prepared(
        # A graph that is the whole chain streams by itself.
        chain if is_graph else replaced(chain, _streaming),
        taken,
        options=graphs.MODES if is_graph else {},
        outputs=graphs.outputs(chain),
        savers=graphs.savers(chain),
        keeps=visits.keeps_state(chain),
        needs_saver=visits.needs_saver(chain),
        repeated=repeated(chain),
        answer=answer_key(chain),
        has_history=histories.has_history(chain),
        tracebacks=tracebacks,
    )


def _streaming(part: Chain, place: Place) -> Chain | None:
    if (own := histories.fed(part)) is not None:
        # A graph in it has no state of its own: the history is the conversation.
        return replaced(own, _inside_history)
    if isinstance(part, RunnableEachBase):
        # Each item would have the one thread.
        bound = replaced(part.bound, _streaming_unseen, "inside")
        return part.model_copy(update={"bound": bound})
    return graphs.step(part, place) or _without_graphs(part, place)


def _inside_history(part: Chain, place: Place) -> Chain | None:
    if pregel.is_graph(part):
        return graphs.GraphStep(part, place, kept=False)
    return _without_graphs(part, place)


def _without_graphs(part: Chain, place: Place) -> Chain | None:
    own = functions.asynchronous(part, place) or own_streams.calling(part)
    return own or returned.preparing(part, partial(_returned, place))


def _returned(place: Place, found: object, given: object) -> object:
    """What a function has *found*, or the runnable that it goes on with."""
    if place == "last":
        found = functions.streaming(found)
    return _going_on(place, found, given) if isinstance(found, Runnable) else found


def _going_on(place: Place, chain: Chain, given: object) -> Chain:
    """*chain*, which a function has returned for what it was *given*."""
    if isinstance(given, Given):
        Input(chain).complete(given)
    found = replaced(chain, _streaming_unseen, place)
    return sampled(found, ensure_config()["configurable"].get("sampling", {}))


def _streaming_unseen(part: Chain, place: Place) -> Chain | None:
    if pregel.is_graph(part):
        return graphs.GraphStep(part, place, kept=False)
    return _streaming(part, place)


def sampled(chain: Chain, sampling: Mapping[str, object]) -> Chain:
    """*chain* with the caller's *sampling* for the models that can be found in it."""
    if not sampling or isinstance(chain, GeneratorChain):
        return chain
    given = dict(sampling)
    if isinstance(given.get("stop"), str):
        given["stop"] = [given["stop"]]

    def bound(part: Chain, place: Place) -> Chain | None:
        is_model = isinstance(unbound(part), BaseLanguageModel)
        return part.bind(**given) if is_model else None

    return replaced(chain, bound)
