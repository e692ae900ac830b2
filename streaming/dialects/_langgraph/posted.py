"""Messages that a client of LangChain posts, in OpenAI's form."""

from collections.abc import Mapping
from uuid import uuid4

from streaming import openai_form, sse
from streaming.errors import invalid
from streaming.openai_form import Form

_ROLES = {
    "human": "user",
    "user": "user",
    "ai": "assistant",
    "assistant": "assistant",
    "tool": "tool",
    "system": "system",
    "developer": "developer",
}
_KINDS = {"image": "image_url", "file": "file", "audio": "input_audio"}


def to_messages(given: object) -> list[Form]:
    """*given* is a list of messages, or one of them, or a text; each gets an id."""
    if isinstance(given, str | dict):
        given = [given]
    return openai_form.each("input.messages", given, _message)


def _message(where: str, given: object) -> Form:
    match given:
        case str(text):
            given = {"type": "human", "content": text}
        case [str(kind), content]:
            given = {"type": kind, "content": content}
    if not isinstance(given, dict):
        raise invalid(where, "expected a message")
    kind = str(given.get("role") or given.get("type") or "")
    role = _ROLES.get(kind.removesuffix("MessageChunk").lower())
    if role is None:
        known = ", ".join(_ROLES)
        raise invalid(f"{where}.type", f"expected one of {known}")
    said = "" if given.get("content") is None else given["content"]
    content = openai_form.content(f"{where}.content", said, _part)
    made: Form = {"id": str(given.get("id") or uuid4()), "role": role}
    if calls := given.get("tool_calls"):
        made["tool_calls"] = openai_form.each(f"{where}.tool_calls", calls, _call)
        content = content or None
    if role == "tool":
        made["tool_call_id"] = given.get("tool_call_id")
    if name := given.get("name"):
        made["name"] = name
    return {**made, "content": content}


def _call(where: str, call: object) -> Form:
    match call:
        case {"name": str(name), "args": args, "id": str(id)}:
            arguments = args if isinstance(args, str) else sse.dumps(args).decode()
        case {"id": str(id), "function": {"name": str(name), "arguments": str(text)}}:
            arguments = text
        case _:
            raise invalid(where, "expected an id, a name and args")
    return openai_form.call(id, name, arguments)


def _part(where: str, part: object) -> Form | None:
    """*part* unless it is the model's own: its reasoning, or its calls of tools."""
    match part:
        case str(text) | {"type": "text", "text": str(text)}:
            return openai_form.text(text)
        case {"type": "image_url", "image_url": str(url)}:
            return {"type": "image_url", "image_url": {"url": url}}
        case {"type": "image_url" | "input_audio"} | {"type": "file", "file": _} if (
            isinstance(part, dict)
        ):
            return part
        case {"type": "image" | "file" | "audio" as kind} if isinstance(part, dict):
            return _file(kind, part)
    return None


def _file(kind: str, part: Mapping[str, object]) -> Form:
    """A part of LangChain's own form, whose names changed with its versions."""
    mime = str(part.get("mime_type") or part.get("mimeType") or "")
    inline = str(part.get("base64") or part.get("data") or "")
    url = f"data:{mime};base64,{inline}" if inline else str(part.get("url") or "")
    told = part.get("metadata") or part.get("extras")
    named = told if isinstance(told, dict) else {}
    name = named.get("filename") or named.get("name") or part.get("filename")
    return openai_form.file(url, mime, kind=kind, name=name)
