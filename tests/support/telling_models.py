"""Chat models that answer with what they were asked beside the messages."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool


class TellingModel(BaseChatModel):
    """Answers with the arguments of its call."""

    @property
    def _llm_type(self) -> str:
        return "telling"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: Any = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        info = {"finish_reason": "stop"}
        message = AIMessageChunk(content=json.dumps(kwargs), response_metadata=info)
        yield ChatGenerationChunk(message=message)


class BoundModel(TellingModel):
    """Has a form of its own for tools: their names."""

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        names = [each["function"]["name"] for each in tools if isinstance(each, dict)]
        return self.bind(bound=names, tool_choice=tool_choice, **kwargs)


told = TellingModel()
bound = BoundModel()
