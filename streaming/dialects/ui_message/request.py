"""What the Vercel AI SDK's `useChat` posts: messages that are made of parts."""

from collections.abc import Iterator, Mapping

from streaming import caller_tools, openai_form, requests
from streaming.dialects.ui_message import approvals, tool_parts
from streaming.errors import invalid
from streaming.openai_form import Form
from streaming.requests import ChatRequest, Sampling, only

READ = ("chain", "stream", "end_user", *requests.OF_CHAINS)
"""Fields of a `ChatRequest` that a page adds to the body."""


def to_request(fields: Mapping[str, object]) -> ChatRequest:
    """The conversation in *fields*; what is not for us (`id`, `trigger`) is ignored."""
    posted = fields.get("messages")
    if not isinstance(posted, list):
        raise invalid("messages", "expected a list")
    read = only(READ, fields)
    if read.get("resume") is None:
        read["resume"] = approvals.answers(posted) or None
        read["by_id"] = True
    # The page posts its conversation whatever it asks for.
    read["messages"] = [
        message
        for index, value in enumerate(posted if read["resume"] is None else ())
        for message in _messages(
            f"messages.{index}", value, last=index + 1 == len(posted)
        )
    ]
    read["whole"], read["again"] = True, _is_again(fields, posted)
    if isinstance(chat := fields.get("id"), str):
        read["chat"] = chat
    read["sampling"] = only(Sampling.model_fields, fields)
    read["caller_tools"] = caller_tools.normalized(_with_tools(fields))
    match posted:
        case [*_, {"role": "assistant", "id": str(continued)}] if continued:
            read["continues"] = continued
    return requests.validate(read)


def _is_again(fields: Mapping[str, object], posted: list[object]) -> bool:
    """Whether an answer is to be made anew: its question may have been edited."""
    match posted:
        case [*_, {"role": "user", "id": str(last)}] if last:
            edited = fields.get("messageId") == last
        case _:
            edited = False
    return edited or fields.get("trigger") == "regenerate-message"


def _with_tools(fields: Mapping[str, object]) -> Mapping[str, object]:
    """*fields*, whose `tools` may also be an object of them by their names."""
    tools = fields.get("tools")
    if not isinstance(tools, dict):
        return fields
    named = [
        {"type": "function", "function": {"name": name, **tool}}
        for name, tool in tools.items()
        if isinstance(tool, dict)
    ]
    return {**fields, "tools": named}


def _messages(where: str, message: object, *, last: bool) -> Iterator[Form]:
    """The message in OpenAI's form; none if no part is supported.

    The *last* one has to say something if it is the user's; of an earlier one nobody
    waits for an answer, and the page posts it with each turn.
    """
    match message:
        case {"role": "system" | "user" | "assistant" as role} if isinstance(
            message, dict
        ):
            posted = _parts(where, message)
        case _:
            raise invalid(f"{where}.role", "expected 'system', 'user' or 'assistant'")
    if role == "assistant":
        yield from tool_parts.turn(posted, where)
        return
    parts = openai_form.each(f"{where}.parts", posted, _part)
    texts = [str(part["text"]) for part in parts if part["type"] == "text"]
    if role == "user":
        if parts:
            whole = texts[0] if parts[1:] == [] and texts else parts
            yield {"role": role, "content": whole}
        elif last:
            raise invalid(f"{where}.parts", "has neither text nor a file")
    elif texts:
        yield {"role": role, "content": "".join(texts)}


def _parts(where: str, message: Mapping[str, object]) -> list[object]:
    """The message's `parts`, or the `content` that it had before version 5."""
    match message.get("parts"), message.get("content"):
        case None | [], str(text):
            return [{"type": "text", "text": text}]
        case (None | [], list(parts)) | (list(parts), _):
            return parts
        case _:
            raise invalid(f"{where}.parts", "expected a list")


def _part(where: str, part: object) -> Form | None:
    match part:
        case {"type": "text", "text": str(text)}:
            return openai_form.text(text) if text else None
        case {"type": "file", "url": str(url), "mediaType": str(media_type), **rest}:
            return openai_form.file(url, media_type, name=rest.get("filename"))
        case {"type": "text"}:
            raise invalid(f"{where}.text", "expected a string")
        case {"type": "file"}:
            raise invalid(where, "expected the strings url and mediaType")
        case {"type": str()}:
            return None
        case _:
            raise invalid(f"{where}.type", "expected a string")
