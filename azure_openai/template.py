"""Chunks that differ from an earlier one in their text alone, read without decoding."""

import re
from collections.abc import Mapping
from contextlib import suppress

import orjson

from azure_openai import outcome

MAX_TEMPLATES = 8
"""Stop looking for a new template after this many chunks."""

_CONTENT = re.compile(rb'"content"\s*:\s*"((?:[^"\\]|\\.)*)"')


class ChunkTemplate:
    """The bytes before and after the text, which the chunks of one stream share."""

    def __init__(self) -> None:
        self._before = self._after = b""
        self._left = MAX_TEMPLATES

    def text(self, event: bytes) -> str | None:
        """The text of *event*, if the rest of it equals the template."""
        before, after = self._before, self._after
        if not (before and event.startswith(before) and event.endswith(after)):
            return None
        try:
            # Only if this is one whole string is the rest the same.
            text: str = orjson.loads(b'"%b"' % event[len(before) : -len(after)])
        except orjson.JSONDecodeError:
            return None
        return text or None

    def learn(self, event: bytes, chunk: Mapping[str, object]) -> None:
        """Make *event* the template, if its *chunk* has one text and nothing else."""
        text = only_text(chunk) if self._left else None
        found = _CONTENT.search(event) if text else None
        if found is None:
            return
        self._left -= 1
        # A chunk may have half of a character, which orjson does not read.
        with suppress(orjson.JSONDecodeError):
            if orjson.loads(b'"%b"' % found[1]) == text:
                before, after = event[: found.start(1)], event[found.end(1) :]
                self._before, self._after = before, after


def only_text(chunk: Mapping[str, object]) -> str | None:
    """The text of *chunk*, if it is an assistant's and there is nothing else in it."""
    match chunk:
        case {"choices": [{"delta": {"content": str(text), **others}, **choice}]}:
            more = [others[name] for name in others.keys() - outcome.UNSEEN]
            more += [
                choice.get(name) for name in ("index", "finish_reason", "logprobs")
            ]
            more += [chunk.get("usage"), chunk.get("error")]
            by = others.get("role") in (None, "assistant")
            return text if by and not any(more) else None
        case _:
            return None
