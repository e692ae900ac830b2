"""A chain, prepared once for all its runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from langchain_core.language_models import BaseLanguageModel
from langchain_core.runnables.history import RunnableWithMessageHistory

from runnables import functions, graphs
from runnables.generator import Chain, GeneratorChain
from runnables.input import Input
from runnables.structure import Place, parts, replaced, unbound
from streaming.errors import NotConfigured


@dataclass(frozen=True, slots=True)
class Prepared:
    """A chain, what it takes, and what it leaves behind.

    *options* are for its `astream`; *outputs* are as in `Translator`. One that *keeps*
    a thread's state gets only what is new there. With
    *tracebacks*, what it raises is logged whole, its text too.
    """

    chain: Chain
    input: Input
    options: Mapping[str, object] = field(default_factory=dict)
    outputs: Sequence[str] | None = None
    savers: Sequence[graphs.Saver] = ()
    keeps: bool = False
    tracebacks: bool = False

    @property
    def takes(self) -> frozenset[str]:
        """The fields of the caller's tools that the chain gets."""
        return getattr(self.chain, "takes", frozenset())


def prepare(chain: Chain, *, tracebacks: bool = False) -> Prepared:
    """Raises `NotConfigured` for a chain that cannot run here, and says why."""
    if any(isinstance(part, RunnableWithMessageHistory) for part in parts(chain)):
        raise NotConfigured(
            "The chain keeps a history of its own (RunnableWithMessageHistory), and "
            "each request brings its conversation: use the runnable inside it, which "
            "gets the earlier messages as chat_history or history."
        )
    taken, is_graph = Input(chain), graphs.is_local(unbound(chain))
    savers = graphs.savers(chain)
    return Prepared(
        # A graph that is the whole chain streams by itself.
        chain if is_graph else replaced(chain, _streaming),
        taken,
        options=graphs.MODES if is_graph else {},
        outputs=graphs.outputs(chain),
        savers=savers,
        keeps=bool(savers),
        tracebacks=tracebacks,
    )


def _streaming(part: Chain, place: Place) -> Chain | None:
    return graphs.step(part, place) or functions.asynchronous(part)


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
