"""OpenAI's form of a conversation, whatever wire it was posted on."""

from collections.abc import Callable

from streaming.errors import invalid

Form = dict[str, object]
"""A message, a part of one, or a call of a tool."""

_AUDIO = {"mpeg": "mp3", "x-wav": "wav"}
"""OpenAI's names of audio formats by others' names of them."""


Reader = Callable[[str, object], Form | None]
"""Makes one of what stands at a place of the request; `None` for what is none."""


def each(where: str, given: object, read: Reader) -> list[Form]:
    """What *read* makes of each thing in the list *given*, which is at *where*."""
    if not isinstance(given, list):
        raise invalid(where, "expected a list")
    made = (read(f"{where}.{number}", value) for number, value in enumerate(given))
    return [form for form in made if form is not None]


def content(where: str, given: object, read: Reader) -> str | list[Form]:
    """The parts in *given* as *read* makes them; one text if they are only texts."""
    if isinstance(given, str):
        return given
    if not isinstance(given, list):
        raise invalid(where, "expected a string or a list of parts")
    parts = each(where, given, read)
    if all(part["type"] == "text" for part in parts):
        return "".join(str(part["text"]) for part in parts)
    return parts


def call(id: object, name: object, arguments: object) -> Form:
    function = {"name": name, "arguments": arguments}
    return {"id": id, "type": "function", "function": function}


def result(call_id: object, content: object) -> Form:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def text(said: str) -> Form:
    return {"type": "text", "text": said}


def file(url: str, media_type: str, *, kind: str = "", name: object = None) -> Form:
    """What is at *url*, which may have it within; *kind* is that of *media_type*
    unless it is known better."""
    general, _, subtype = media_type.partition("/")
    kind = kind or general
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    if kind == "audio" and url.startswith("data:"):
        audio = {"data": url.partition(",")[2], "format": _AUDIO.get(subtype, subtype)}
        return {"type": "input_audio", "input_audio": audio}
    named = {"filename": str(name or "file"), "file_data": url}
    return {"type": "file", "file": named}
