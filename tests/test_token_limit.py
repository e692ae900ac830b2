"""The token limit, from the caller through the whole app to the model."""

from typing import Any

from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableLambda,
    RunnableParallel,
)

from runnables import chat_model, sampling
from settings import Settings
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of


def both(settings: Settings) -> Runnable[Any, Any]:
    """Two model calls at once."""
    model = chat_model(settings)

    def limited(inputs: Any, config: RunnableConfig) -> Any:
        return RunnableLambda(lambda _: inputs["messages"]) | model.bind(
            **sampling(config)
        )

    ask = RunnableLambda(limited) | StrOutputParser()
    return RunnableParallel(answer=ask, other=ask)


def names(standin: StandIn, tag: str) -> list[str]:
    """The name of the limit in each request with *tag*."""
    known = ("max_tokens", "max_completion_tokens")
    requests = standin.requests(tag)
    return [name for each in requests for name in known if name in each["body"]]


def test_a_server_that_knows_only_max_tokens_heeds_the_limit(standin: StandIn) -> None:
    settings = {
        "OPENAI_BASE_URL": f"{standin.url}/v1",
        "OPENAI_MODEL": "gpt-5",
        "OPENAI_API_KEY": standin.key,
    }
    with AppProcess(settings) as server:
        events = server.events("standin:limited tokens=9 tag=heeded", max_tokens=3)
        assert text_of(events) == "tok0 tok1 tok2"
        assert events[-1][1]["finish_reason"] == "length"
        assert names(standin, "heeded") == ["max_tokens"]
        question = {"role": "user", "content": "standin:answer tag=named"}
        body = {"model": "chat", "messages": [question], "max_completion_tokens": 3}
        assert server.client.post("/openai/v1/chat/completions", json=body).is_success
        assert names(standin, "named") == ["max_completion_tokens"]


def test_models_that_run_at_once_each_find_the_name(standin: StandIn) -> None:
    chain = {"CHAINS": f"both={__name__}:both"}
    settings = azure(standin, **chain)
    with AppProcess(settings) as server:
        for _ in range(2):
            asked = "standin:refusing tokens=2 tag=at-once"
            answer = server.chat(asked, chain="both", max_tokens=3, stream=False)
            assert answer.json()["content"] == "tok0 tok1"
        older, *newer = sorted(names(standin, "at-once"), reverse=True)
        # The second model may have learned it from the first.
        assert older == "max_tokens"
        assert newer.count("max_completion_tokens") == 4
        assert names(standin, "at-once")[-2:] == ["max_completion_tokens"] * 2
