"""What a quantity is measured with: the servers that are up, and one upstream."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from bench import load
from bench.contenders import DEPLOYMENT, Contender, completion
from bench.figures import Figures
from bench.load import Heard, Load
from bench.progress import say
from bench.scale import Scale
from bench.server import Server, serve
from bench.upstream import KEY, Upstream

UPSTREAM = "upstream"


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything is up at once, and one server is asked at a time."""

    upstream: Upstream
    servers: Sequence[Server]
    scale: Scale
    figures: Figures = field(default_factory=Figures)

    @property
    def compared(self) -> list[Server]:
        """All but the variants of this app."""
        return [each for each in self.servers if not each.contender.variant]

    def direct(self) -> Server:
        """The upstream, as a server among the others."""
        contender = Contender(
            name=UPSTREAM,
            command=(),
            environment={},
            path=DEPLOYMENT,
            ask=completion,
            ending="data: [DONE]\n",
            headers={"api-key": KEY},
        )
        return Server(contender, self.upstream.pid, self.upstream.port)


@contextmanager
def stage(
    contenders: Sequence[Contender], upstream: Upstream, scale: Scale
) -> Iterator[Stage]:
    """Start all of *contenders*, one after the other."""
    with ExitStack() as stack:
        servers = []
        for each in contenders:
            say(f"starting {each.name}")
            servers.append(stack.enter_context(serve(each)))
        yield Stage(upstream, servers, scale)


def cpu_of(work: Load, server: Server) -> tuple[float, Heard]:
    """User and system seconds that *work* costs *server*, and what its callers read."""
    server.settle()
    before = server.cpu_seconds()
    heard = load.run(work, server)
    return server.cpu_seconds() - before, heard
