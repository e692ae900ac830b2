"""What an AG-UI client posts, a `RunAgentInput`, as a request."""

from collections.abc import Mapping

from pydantic import JsonValue

from streaming import caller_tools, requests
from streaming.dialects.ag_ui.conversation import conversation
from streaming.errors import invalid
from streaming.requests import ChatRequest, Sampling, only
from streaming.thread_id import is_thread_id

Fields = Mapping[str, object]

READ = ("chain", "stream", "end_user", "inputs", "on_disconnect", "metadata")
"""Fields of a `ChatRequest` that a page has in its `forwardedProps`."""


def to_request(given: Fields) -> ChatRequest:
    """The run that *given* asks for; what is not known is ignored.

    Its messages are all there are of the conversation, whatever the thread has.
    """
    fields = _with_props(given)
    posted = fields.get("messages", [])
    if not isinstance(posted, list):
        raise invalid("messages", "expected a list")
    read = only(READ, fields)
    read |= {"whole": True, "replaces": True, "thread_id": _thread_id(fields)}
    read["by_id"] = True
    read["echo"] = _echo(fields)
    read["resume"] = resume = _answers(fields.get("resume"))
    if resume is not None and read["thread_id"] is None:
        raise invalid("resume", "needs the threadId of what is pending")
    messages = [] if resume is not None else conversation(posted)
    read["messages"] = [*(_context(fields) if messages else []), *messages]
    read["sampling"] = only(Sampling.model_fields, fields)
    read["caller_tools"] = caller_tools.normalized(_with_tools(fields))
    return requests.validate(read)


def _with_props(given: Fields) -> Fields:
    """*given* and what is in its `forwardedProps`, without what is null."""
    props = given.get("forwardedProps")
    fields = {**props, **given} if isinstance(props, dict) else given
    return {name: value for name, value in fields.items() if value is not None}


def _echo(fields: Fields) -> dict[str, str]:
    """The ids that the answer repeats."""
    ids: dict[str, str] = {}
    for name in ("threadId", "runId"):
        match fields.get(name):
            case None:
                continue
            case str(value):
                ids[name] = value
            case _:
                raise invalid(name, "expected a string")
    return ids


def _thread_id(fields: Fields) -> str | None:
    """`threadId` if it can be the name of a thread."""
    given = fields.get("threadId")
    return given if is_thread_id(given) else None


def _answers(entries: object) -> dict[str, JsonValue] | None:
    """The answers by the ids of what was asked; what is given up is `False`."""
    if entries is None or entries == []:
        return None
    if not isinstance(entries, list):
        raise invalid("resume", "expected a list")
    found: dict[str, JsonValue] = {}
    for index, entry in enumerate(entries):
        match entry:
            case {"interruptId": str(key), "status": "resolved"}:
                found[key] = entry.get("payload")
            case {"interruptId": str(key), "status": "cancelled"}:
                found[key] = False
            case _:
                raise invalid(f"resume.{index}", "expected an interruptId and a status")
    return found


def _context(fields: Fields) -> list[dict[str, object]]:
    """What the page would have the model know, as a message of its own."""
    entries = fields.get("context")
    lines = [
        f"{entry['description']}: {entry['value']}"
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and {"description", "value"} <= entry.keys()
    ]
    return [{"role": "system", "content": "\n\n".join(lines)}] if lines else []


def _with_tools(fields: Fields) -> Fields:
    """*fields* with the page's tools in OpenAI's form."""
    tools = fields.get("tools")
    if not isinstance(tools, list):
        return fields
    return {**fields, "tools": [_tool(tool) for tool in tools]}


def _tool(tool: object) -> object:
    if not isinstance(tool, dict):
        return tool
    known = ("name", "description", "parameters")
    function = {name: tool[name] for name in known if tool.get(name) is not None}
    return {"type": "function", "function": function}
