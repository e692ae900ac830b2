"""The items of a response, and the events that tell of them."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from streaming import sse
from streaming.events import Citation, Interrupt, ToolCall, ToolResult

Fields = dict[str, object]
Status = Literal["completed", "incomplete"]


class TextPart(NamedTuple):
    """The only part of an item: *told* by events of that name, its text *held* by that
    field, and itself *within* the item by that one."""

    prefix: str
    item: str
    told: str
    kind: str
    held: str
    within: str


SPOKEN = TextPart("msg", "message", "output_text", "output_text", "text", "content")
REFUSED = TextPart("msg", "message", "refusal", "refusal", "refusal", "content")
THOUGHT = TextPart(
    *("rs", "reasoning", "reasoning_summary_text", "summary_text", "text", "summary")
)


class Items:
    """At most one item is open; the ids of all follow from *run* and their places.

    A caller runs each `function_call`. So calls are held back: one that the server has
    run is an item of another kind, which has the result too and names *server*.
    """

    def __init__(self, run: str, server: str, tools: set[str]) -> None:
        self.items: list[Fields] = []
        self._run, self._server, self._tools = run, server, tools
        self._part: TextPart | None = None
        self._pieces: list[str] = []
        self._delta: Fields = {}
        self._calls: list[ToolCall] = []
        self._call_ids: set[str] = set()
        self._citations: list[Citation] = []

    def say(self, part: TextPart, text: str) -> Iterator[Fields]:
        if self._part is not part:
            yield from self.close()
            yield from self._open(part)
        self._pieces.append(text)
        yield {**self._delta, "delta": text}

    def cite(self, citation: Citation) -> None:
        self._citations.append(citation)

    def call(self, call: ToolCall) -> Iterator[Fields]:
        yield from self.close()
        self._calls.append(call)

    def result(self, result: ToolResult) -> Iterator[Fields]:
        """A result may be of a call that an earlier run has made."""
        yield from self.close()
        key, made = result.id or result.name, ToolCall("", "", result.name, {})
        for call in self._calls:
            if (call.id or call.name) == key:
                made = call
                self._calls.remove(call)
                break
        item = self._served("mcp_call", "mcp", result.name, made.args)
        ended: Fields = {"output": result.content, "error": None, "status": "completed"}
        yield from self._called(item, ended, "response.mcp_call")

    def ask(self, interrupt: Interrupt) -> Iterator[Fields]:
        """A question to a person, which a caller may answer in either way."""
        yield from self.close()
        args: Fields = {"value": interrupt.value}
        yield from self._function(ToolCall("", interrupt.id, "interrupt", args))
        item = self._served("mcp_approval_request", "mcpr", "interrupt", args)
        item["id"] = f"mcpr_{self._run}_{interrupt.id}"
        yield self._told("added", item)
        yield from self._done(item)

    def end(self, status: Status, *, waits: bool) -> Iterator[Fields]:
        """Close what is open, and give the caller those calls that have no result; only
        those of its own tools if the answer *waits* for a person."""
        held = [each for each in self._calls if not waits or each.name in self._tools]
        yield from self.close("completed" if held else status)
        for call in held:
            yield from self._function(call, status if call is held[-1] else "completed")

    def close(self, status: Status = "completed") -> Iterator[Fields]:
        if (part := self._part) is None:
            return
        text, self._part = "".join(self._pieces), None
        made, whole = self._item_of(part, status), self._content(part, text)
        place = {"item_id": made["id"], **self._place(part)}
        if part is SPOKEN:
            cited = [_annotation(each, text) for each in self._citations]
            self._citations, whole["annotations"] = [], cited
            kind = "response.output_text.annotation.added"
            for number, each in enumerate(cited):
                about = {"annotation_index": number, "annotation": each}
                yield {"type": kind, **place, **about}
        more: Fields = {"logprobs": []} if part is SPOKEN else {}
        yield {"type": f"response.{part.told}.done", **place, part.held: text, **more}
        yield {"type": f"response.{_around(part)}.done", **place, "part": whole}
        yield from self._done({**made, part.within: [whole]})

    def _open(self, part: TextPart) -> Iterator[Fields]:
        self._part, self._pieces = part, []
        made = self._item_of(part, "in_progress")
        yield self._told("added", made)
        place = {"item_id": made["id"], **self._place(part)}
        added = {"part": self._content(part, "")}
        yield {"type": f"response.{_around(part)}.added", **place, **added}
        more: Fields = {"logprobs": []} if part is SPOKEN else {}
        self._delta = {"type": f"response.{part.told}.delta", **place, **more}

    def _item_of(self, part: TextPart, status: str) -> Fields:
        made: Fields = {"id": self._id(part.prefix), "type": part.item}
        made[part.within] = []
        return (
            made if part is THOUGHT else {**made, "role": "assistant", "status": status}
        )

    def _content(self, part: TextPart, text: str) -> Fields:
        about: Fields = {"annotations": [], "logprobs": []}
        more = about if part is SPOKEN else {}
        return {"type": part.kind, part.held: text, **more}

    def _place(self, part: TextPart) -> Fields:
        return {"output_index": len(self.items), f"{part.within}_index": 0}

    def _function(
        self, call: ToolCall, status: Status = "completed"
    ) -> Iterator[Fields]:
        made = self._id("fc")
        key = made if not call.id or call.id in self._call_ids else call.id
        self._call_ids.add(key)
        item = {"id": made, "type": "function_call", "call_id": key, "name": call.name}
        item["arguments"] = sse.text_of(call.args)
        yield from self._called({**item}, {"status": status})

    def _served(
        self, kind: str, prefix: str, name: str, args: Mapping[str, object] | str
    ) -> Fields:
        item = {"id": self._id(prefix), "type": kind, "server_label": self._server}
        return {**item, "name": name, "arguments": sse.text_of(args)}

    def _called(
        self, item: Fields, ended: Fields, served: str = ""
    ) -> Iterator[Fields]:
        """A call, whose arguments come at once; *ended* is what came of it."""
        place = {"item_id": item["id"], "output_index": len(self.items)}
        yield self._told("added", {**item, "arguments": "", "status": "in_progress"})
        if served:
            yield {"type": f"{served}.in_progress", **place}
        told, arguments = f"response.{item['type']}_arguments", item["arguments"]
        yield {"type": f"{told}.delta", **place, "delta": arguments}
        whole = {"name": item["name"], "arguments": arguments}
        yield {"type": f"{told}.done", **place, **whole}
        if served:
            yield {"type": f"{served}.completed", **place}
        yield from self._done({**item, **ended})

    def _done(self, item: Fields) -> Iterator[Fields]:
        yield self._told("done", item)
        self.items.append(item)

    def _told(self, what: str, item: Fields) -> Fields:
        kind = f"response.output_item.{what}"
        return {"type": kind, "output_index": len(self.items), "item": item}

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._run}_{len(self.items)}"


def _around(part: TextPart) -> str:
    return "reasoning_summary_part" if part is THOUGHT else "content_part"


def _annotation(citation: Citation, text: str) -> Fields:
    """At the `[id]` in *text*, or at its end."""
    mark = f"[{citation.id}]"
    found = text.find(mark)
    start, end = (found, found + len(mark)) if found >= 0 else (len(text), len(text))
    source = {"type": "url_citation", "url": citation.url, "title": citation.title}
    return {**source, "start_index": start, "end_index": end}
