"""Chunks that differ from an earlier one in their text alone, read without decoding."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from azure_openai import outcome

LESSONS = 8
"""How many chunks a stream's may be compared with before they count as different."""

_CONTENT = re.compile(rb'"content"\s*:\s*"((?:[^"\\]|\\.)*)"')


class Likeness:
    """What the chunks of one stream have in common, before and after their text."""

    def __init__(self) -> None:
        self._before = self._after = b""
        self._lessons = LESSONS

    def text(self, event: bytes) -> str | None:
        """The text of *event*, if that is all that is new in it."""
        before, after = self._before, self._after
        if not (before and event.startswith(before) and event.endswith(after)):
            return None
        try:
            # Only where this is one whole string is the rest what it was.
            text: str = orjson.loads(b'"%b"' % event[len(before) : -len(after)])
        except orjson.JSONDecodeError:
            return None
        return text or None

    def learn(self, event: bytes, chunk: Mapping[str, Any]) -> None:
        """Take *event*, which is *chunk*, for an example, if it says but one text."""
        text = _only_text(chunk) if self._lessons else None
        found = _CONTENT.search(event) if text else None
        if found is None:
            return
        self._lessons -= 1
        if orjson.loads(b'"%b"' % found[1]) == text:
            self._before, self._after = event[: found.start(1)], event[found.end(1) :]


def _only_text(chunk: Mapping[str, Any]) -> str | None:
    match chunk:
        case {"choices": [{"delta": {"content": str(text), **others}, **choice}]}:
            more = [others[name] for name in others.keys() - outcome.UNSEEN]
            more += [choice.get("index"), choice.get("finish_reason")]
            more += [chunk.get("usage"), chunk.get("error")]
            return None if any(more) else text
        case _:
            return None
