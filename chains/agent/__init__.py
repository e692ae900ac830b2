"""An agent that searches and reads the documents, and knows the time."""

from collections.abc import Sequence

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool

from chains.agent.limits import STEPS, TOOL_SECONDS, Asking, Steps, ToolResults
from chains.agent.tools import current_time, of_documents
from chains.docs.library import Library
from runnables import Chain, chat_model
from settings import Settings

NEEDS = ("langchain", "langgraph")


def build(settings: Settings) -> Chain:
    """Raises `NotConfigured` if there is no model."""
    model = chat_model(settings)
    library = Library.shared(settings.docs_path)
    return agent_of(settings, model, [*of_documents(library), current_time])


def agent_of(
    settings: Settings,
    model: BaseChatModel,
    tools: Sequence[BaseTool],
    *,
    steps: int = STEPS,
    tool_seconds: float = TOOL_SECONDS,
) -> Chain:
    """An agent with *tools*, which ends after *steps* calls of the model."""
    middleware = [Steps(steps), Asking(settings), ToolResults(tool_seconds)]
    return create_agent(model, list(tools), middleware=middleware)
