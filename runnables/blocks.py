"""What the content blocks of a message say besides text, whoever its provider is."""

from collections.abc import Iterator, Mapping

from langchain_core.messages import AIMessage, BaseMessage

from runnables import media

REASONING = ("reasoning", "thinking", "reasoning_content")
"""Types of blocks, and where each has what was thought."""

SUMMARY = "summary_text"
"""The type of a part of a summary, each of which is a paragraph."""

TEXT = ("text", "output_text")
"""Types of blocks of the answer's text, the second as the Responses API has it."""

PARAGRAPH = "\n\n"


def reasoning(message: AIMessage) -> Iterator[str]:
    """What the model thought, in pieces."""
    extra = message.additional_kwargs
    for name in ("reasoning_content", "reasoning"):
        yield from _texts(extra.get(name))
    for block in message.content if isinstance(message.content, list) else ():
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind in REASONING:
            said = block.get(kind) or block.get("summary") or block.get("content")
            yield from _texts(said)


def _texts(said: object) -> Iterator[str]:
    """The text in *said*: text, a block with text, or a list of such."""
    match said:
        case str():
            if said:
                yield said
        case list():
            for number, part in enumerate(said):
                if number and isinstance(part, Mapping) and part.get("type") == SUMMARY:
                    yield PARAGRAPH
                yield from _texts(part)
        case Mapping():
            text = said.get("text")
            if isinstance(text, str):
                # Another part of a summary begins so.
                yield text or (PARAGRAPH if said.get("index") else "")
            else:
                for name in (*REASONING, "summary", "content"):
                    yield from _texts(said.get(name))


def texts(message: BaseMessage) -> Iterator[tuple[object, str]]:
    """The text of *message* in pieces, each with the block that it is of.

    The blocks of OpenAI's Responses API are messages of their own. Those of others may
    be pieces of one sentence, and are one.
    """
    blocks = message.content if isinstance(message.content, list) else ()
    apart = message.response_metadata.get("model_provider") == "openai"
    for block in blocks:
        if isinstance(block, str):
            yield None, block
        elif shown := media.link(block):
            yield None, shown
        elif block.get("type") in TEXT and isinstance(text := block.get("text"), str):
            yield block.get("index") if apart else None, text


def whole_text(message: BaseMessage) -> str:
    """All the text of *message*, as it is shown."""
    if isinstance(message.content, str):
        return message.content
    return "".join(text for _, text in texts(message))


def refusal(message: AIMessage) -> str:
    """What the model declined with, which no other text of *message* says."""
    said = message.additional_kwargs.get("refusal")
    if isinstance(said, str) and said:
        return said
    texts = [
        block.get("refusal")
        for block in message.content
        if isinstance(block, dict) and block.get("type") == "refusal"
    ]
    return "".join(text for text in texts if isinstance(text, str))


def answers(message: AIMessage) -> bool:
    """Whether *message* has more than thoughts, be it something that has no text."""
    calls = message.tool_calls or message.invalid_tool_calls
    said = whole_text(message) or refusal(message) or media.unshown(message)
    return bool(said or calls)
