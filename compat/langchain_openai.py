"""The patch of langchain_openai, for the models that `CHAINS` brings.

No issue of theirs is known that asks for it.
"""

from langchain_core.outputs import ChatGenerationChunk
from langchain_openai.chat_models.base import BaseChatOpenAI

_convert = BaseChatOpenAI._convert_chunk_to_generation_chunk


def apply() -> None:
    """Put the patch in place; a second time does nothing.

    langchain-openai 1.7.4, chat_models/base.py: the first choice of each chunk is read,
    whatever its index, and with `n` above 1 the answers are mixed into one text.
    """
    name = "_convert_chunk_to_generation_chunk"
    setattr(BaseChatOpenAI, name, convert_first_choice)


def convert_first_choice(
    model: BaseChatOpenAI,
    chunk: dict[str, object],
    default_chunk_class: type,
    base_generation_info: dict[str, object] | None,
) -> ChatGenerationChunk | None:
    """LangChain's method, for the choice with the index 0 if there are several."""
    choices = chunk.get("choices")
    if model.n and model.n > 1 and isinstance(choices, list) and choices:
        ours = [choice for choice in choices if not choice.get("index")]
        if not ours and not chunk.get("usage"):
            return None
        chunk = {**chunk, "choices": ours}
    return _convert(model, chunk, default_chunk_class, base_generation_info)
