"""Generator functions, which LangChain streams only where it may block."""

from collections.abc import AsyncGenerator
from inspect import isgeneratorfunction

from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.runnables.config import run_in_executor
from langchain_core.runnables.utils import accepts_config

from runnables.generator import Chain

_END = object()


def asynchronous(chain: Chain) -> Chain | None:
    """A generator function whose steps run in a thread; `None` for anything else."""
    function = getattr(chain, "func", None)
    if not isinstance(chain, RunnableLambda) or hasattr(chain, "afunc"):
        return None
    if function is None or not isgeneratorfunction(function):
        return None

    async def stream(given: object, config: RunnableConfig) -> AsyncGenerator[object]:
        more = {"config": config} if accepts_config(function) else {}
        chunks = function(given, **more)
        try:
            while (
                chunk := await run_in_executor(config, next, chunks, _END)
            ) is not _END:
                yield chunk
        finally:
            # It cannot be closed while it runs, in its thread.
            if not chunks.gi_running:
                chunks.close()

    return RunnableLambda(stream, name=chain.name)
