"""Chat completions in chunks, as Function-SSE-Proxy passes them on."""

import json


def text_of(data: list[str]) -> str:
    """The answer's text; the last of *data* may be `[DONE]`."""
    chunks = [json.loads(each) for each in data if each != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk.get("choices", ())]
    return "".join(choice.get("delta", {}).get("content") or "" for choice in choices)
