"""Models as people bring them, for `CHAINS=name=tests.support.example_models:name`."""

from typing import Any

from langchain_core.language_models import BaseChatModel, FakeStreamingListLLM
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import StrOutputParser
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph

from runnables import chat_model
from settings import Settings
from tests.support.example_chains import QUESTION, ScriptedModel

unexplained = (
    QUESTION | ScriptedModel(script=["no reason ", "given"]) | StrOutputParser()
)
text_model = QUESTION | FakeStreamingListLLM(responses=["no reason given"])


def parsed(settings: Settings) -> Runnable[Any, Any]:
    """The configured model behind an output parser."""
    return QUESTION | chat_model(settings) | StrOutputParser()


def relayed(settings: Settings) -> Any:
    """The configured model in a graph, whose own callbacks listen to it as well."""
    model = chat_model(settings)

    async def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("ask", ask).add_edge(START, "ask")
    return graph.compile()


def _asking(settings: Settings, **more: Any) -> Runnable[Any, Any]:
    """LangChain's own model, as people configure it, asking the stand-in."""
    model = ChatOpenAI(
        base_url=f"{settings.azure_openai_endpoint}/v1",
        api_key=settings.azure_openai_api_key,
        model="gpt-5",
        max_retries=0,
        stream_usage=True,
        **more,
    )
    return QUESTION | model


def brought(settings: Settings) -> Runnable[Any, Any]:
    return _asking(settings)


def responding(settings: Settings) -> Runnable[Any, Any]:
    return _asking(settings, use_responses_api=True)


def responding_v0(settings: Settings) -> Runnable[Any, Any]:
    return _asking(settings, use_responses_api=True, output_version="v0")


def responding_v1(settings: Settings) -> Runnable[Any, Any]:
    return _asking(settings, use_responses_api=True, output_version="v1")


class Thinker(BaseChatModel):
    """Thinks in lists of blocks, as some providers' models do."""

    @property
    def _llm_type(self) -> str:
        return "thinker"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        thought = [{"type": "text", "text": "Hm"}, {"type": "text", "text": "m."}]
        blocks: list[str | dict[str, Any]] = [
            {"type": "thinking", "thinking": thought},
            {"type": "reasoning_content", "reasoning_content": {"text": " So."}},
            {"type": "text", "text": "Yes."},
        ]
        message = AIMessage(content=blocks)
        return ChatResult(generations=[ChatGeneration(message=message)])


thinker = QUESTION | Thinker()


def counted(text: str, prompt: int, answer: int) -> AIMessageChunk:
    usage = UsageMetadata(
        input_tokens=prompt, output_tokens=answer, total_tokens=prompt + answer
    )
    return AIMessageChunk(content=text, usage_metadata=usage)


totals = QUESTION | ScriptedModel(
    script=[counted("a", 10, 1), counted("b", 10, 2), counted("c", 10, 3)]
)
halves = QUESTION | ScriptedModel(script=[counted("a", 10, 0), counted("bc", 0, 3)])
