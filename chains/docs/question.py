"""What a conversation asks for: its last message, made whole by a model."""

from collections.abc import Sequence

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableConfig

MOST_MESSAGES = 8
"""The newest messages that the model reads to rewrite a question."""

MOST_CHARACTERS = 2000
"""Characters of each of those messages."""

MOST_QUESTION = 500
"""Characters of a rewritten question."""

REWRITE = (
    "Rewrite the user's last message as one question that can be understood without "
    "the conversation, in the user's language. Write only that question."
)


def is_conversation(messages: Sequence[BaseMessage]) -> bool:
    """Whether anything but a system prompt comes before the last message."""
    return any(message.type != "system" for message in messages[:-1])


async def whole(
    model: BaseChatModel, messages: Sequence[BaseMessage], config: RunnableConfig
) -> str:
    """The last of *messages* as a question of its own, which callers do not see."""
    said = [message for message in messages if message.text][-MOST_MESSAGES:]
    told = "\n\n".join(f"{each.type}: {each.text[:MOST_CHARACTERS]}" for each in said)
    answer = await model.ainvoke([SystemMessage(REWRITE), HumanMessage(told)], config)
    # Both, as a model may have dropped what the user is after.
    return f"{answer.text[:MOST_QUESTION]} {messages[-1].text}".strip()
