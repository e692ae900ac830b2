"""LangChain's standard tests of a chat model, which is a chain of this app."""

import os

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class TestChat(ChatModelIntegrationTests):
    """What needs pictures from elsewhere, or sound, is skipped by the suite itself."""

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "base_url": os.environ["CHAT_URL"],
            "model": os.environ["CHAT_MODEL"],
            "api_key": "any",
            "stream_usage": True,
            "max_retries": 0,
        }

    @property
    def supports_model_override(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "gpt-4o"

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return False
