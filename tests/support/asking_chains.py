"""Chains that answer with what they know of who asks."""

import json
from collections.abc import AsyncIterator

from langchain_core.runnables import RunnableConfig, RunnableLambda

from runnables import ChainInput, from_generator


async def asked_by(inputs: ChainInput, config: RunnableConfig) -> AsyncIterator[str]:
    known = config["configurable"]
    names = ("thread_id", "principal", "end_user", "request_id")
    yield json.dumps(
        {**{name: known[name] for name in names}, "metadata": config["metadata"]}
    )


def _as_text(given: object, config: RunnableConfig) -> str:
    known = config["configurable"]
    return json.dumps({name: known[name] for name in ("principal", "end_user")})


asking = from_generator(asked_by)  # type: ignore[arg-type]  # It is one all the same.
function = RunnableLambda(_as_text)
