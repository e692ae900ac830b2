"""OpenAI's form of a conversation, whatever wire it was posted on."""

Form = dict[str, object]
"""A message, a part of one, or a call of a tool."""

_AUDIO = {"mpeg": "mp3", "x-wav": "wav"}
"""OpenAI's names of audio formats by others' names of them."""


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
