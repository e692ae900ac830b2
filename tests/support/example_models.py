"""Models as people bring them, for `CHAINS=name=tests.support.example_models:name`."""

from typing import Any

from langchain_core.language_models import FakeStreamingListLLM
from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import Runnable
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


def counted(text: str, prompt: int, answer: int) -> AIMessageChunk:
    usage = UsageMetadata(
        input_tokens=prompt, output_tokens=answer, total_tokens=prompt + answer
    )
    return AIMessageChunk(content=text, usage_metadata=usage)


totals = QUESTION | ScriptedModel(
    script=[counted("a", 10, 1), counted("b", 10, 2), counted("c", 10, 3)]
)
halves = QUESTION | ScriptedModel(script=[counted("a", 10, 0), counted("bc", 0, 3)])
