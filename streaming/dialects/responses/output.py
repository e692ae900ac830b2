"""The items of a response, and the events that tell of them."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from streaming import sse
from streaming.dialects._answer import AnswerWriter, Fields, Kind, Told
from streaming.events import BLANK_LINE, Citation, Interrupt, ToolCall, ToolResult
from streaming.requests import only

_MESSAGE: Fields = {"type": "message", "role": "assistant", "status": "in_progress"}


class TextPart(NamedTuple):
    """The only *part* of an *item*, in its field *within*; its text is in *held*.

    *scope* begins the names of its events, which have *more* of the part's fields
    beside each text. An item's id begins with *prefix*.
    """

    part: Fields
    held: str = "text"
    more: tuple[str, ...] = ()
    prefix: str = "msg"
    item: Fields = _MESSAGE
    within: str = "content"
    scope: str = "response."


_PARTS: Mapping[Kind, TextPart] = {
    "text": TextPart(
        part={"type": "output_text", "text": "", "annotations": [], "logprobs": []},
        more=("logprobs",),
    ),
    "refusal": TextPart(part={"type": "refusal", "refusal": ""}, held="refusal"),
    "reasoning": TextPart(
        part={"type": "summary_text", "text": ""},
        prefix="rs",
        item={"type": "reasoning"},
        within="summary",
        scope="response.reasoning_",
    ),
}


class ItemWriter(AnswerWriter):
    """At most one item is open; the ids of all follow from *run* and their places.

    A caller runs each `function_call`. So calls are held back: one that the server has
    run is an item of another kind, which has the result too and names *server*.
    """

    def __init__(self, run: str, server: str, tools: list[str]) -> None:
        super().__init__()
        self.items: list[Fields] = []
        self.text_status = "completed"  # Of what is closed next.
        self._run, self._server, self._tools = run, server, tools
        self._place: Fields = {}
        self._pieces: list[str] = []
        self._calls: list[ToolCall] = []
        self._call_ids: set[str] = set()
        self._citations: list[Citation] = []

    def refuse(self, text: str) -> Told:
        return self.say("refusal", text.removeprefix(BLANK_LINE))

    def say(self, kind: Kind, text: str) -> Told:
        told = super().say(kind, text)
        self._pieces.append(text)
        return told

    def cite(self, citation: Citation) -> Told:
        self._citations.append(citation)
        return ()

    def call(self, call: ToolCall) -> Iterator[Fields]:
        yield from self.close()
        self._calls.append(call)

    def result(self, result: ToolResult) -> Iterator[Fields]:
        yield from self.close()
        key = result.id or result.name
        held = [each for each in self._calls if (each.id or each.name) == key]
        if held:
            self._calls.remove(held[0])
        args = held[0].args if held else {}
        item = self._served("mcp_call", self._id("mcp"), result.name, args)
        ended: Fields = {"output": result.content, "error": None, "status": "completed"}
        yield from self._called(item, ended)

    def ask(self, interrupt: Interrupt) -> Iterator[Fields]:
        """A question to a person, which a caller may answer in either way."""
        yield from self.close()
        call = interrupt.as_call()
        yield from self._function(call)
        made = f"mcpr_{self._run}_{interrupt.id}"
        item = self._served("mcp_approval_request", made, call.name, call.args)
        yield self._told("added", item)
        yield from self._done(item)

    def hand_over(self, status: str, *, waits: bool) -> Iterator[Fields]:
        """Close what is open, and give the caller those calls that have no result; only
        those of its own tools if the answer *waits* for a person."""
        held = [each for each in self._calls if not waits or each.name in self._tools]
        self.text_status = "completed" if held else status
        yield from self.close()
        for call in held:
            yield from self._function(call, status if call is held[-1] else "completed")

    def begin(self, kind: Kind) -> Iterator[Fields]:
        part, self._pieces = _PARTS[kind], []
        item = {"id": self._id(part.prefix), **part.item, part.within: []}
        self._place = {"item_id": item["id"], **self._at(), f"{part.within}_index": 0}
        yield self._told("added", item)
        around = f"{part.scope}{part.within}_part.added"
        yield {"type": around, **self._place, "part": part.part}
        told = f"{part.scope}{part.part['type']}.delta"
        self._delta = {"type": told, **self._place, **only(part.more, part.part)}

    def finish(self, kind: Kind) -> Iterator[Fields]:
        part, text = _PARTS[kind], "".join(self._pieces)
        whole = {**part.part, part.held: text}
        if kind == "text":
            whole["annotations"] = cited = [*self._cited(text)]
            told = "response.output_text.annotation.added"
            for number, each in enumerate(cited):
                about = {"annotation_index": number, "annotation": each}
                yield {"type": told, **self._place, **about}
        told = f"{part.scope}{part.part['type']}.done"
        yield {
            "type": told,
            **self._place,
            part.held: text,
            **only(part.more, part.part),
        }
        around = f"{part.scope}{part.within}_part.done"
        yield {"type": around, **self._place, "part": whole}
        item = {"id": self._place["item_id"], **part.item, part.within: [whole]}
        if "status" in item:
            item["status"] = self.text_status
        yield from self._done(item)

    def _cited(self, text: str) -> Iterator[Fields]:
        """Each citation at its `[id]` in *text*, or at the end."""
        while self._citations:
            citation = self._citations.pop(0)
            mark = f"[{citation.id}]"
            start = text.find(mark)
            span = (start, start + len(mark)) if start >= 0 else (len(text), len(text))
            yield {
                "type": "url_citation",
                "url": citation.url,
                "title": citation.title,
                "start_index": span[0],
                "end_index": span[1],
            }

    def _function(self, call: ToolCall, status: str = "completed") -> Iterator[Fields]:
        made = self._id("fc")
        key = made if not call.id or call.id in self._call_ids else call.id
        self._call_ids.add(key)
        item: Fields = {"id": made, "type": "function_call", "call_id": key}
        item |= {"name": call.name, "arguments": sse.text_of(call.args)}
        yield from self._called(item, {"status": status})

    def _served(
        self, kind: str, id: str, name: str, args: Mapping[str, object] | str
    ) -> Fields:
        called = {"name": name, "arguments": sse.text_of(args)}
        return {"id": id, "type": kind, "server_label": self._server, **called}

    def _called(self, item: Fields, ended: Fields) -> Iterator[Fields]:
        """A call, whose arguments come at once; *ended* is what came of it."""
        place: Fields = {"item_id": item["id"], **self._at()}
        whole = only(("name", "arguments"), item)
        told, served = f"response.{item['type']}", "server_label" in item
        yield self._told("added", {**item, "arguments": "", "status": "in_progress"})
        if served:
            yield {"type": f"{told}.in_progress", **place}
        yield {"type": f"{told}_arguments.delta", **place, "delta": item["arguments"]}
        yield {"type": f"{told}_arguments.done", **place, **whole}
        if served:
            yield {"type": f"{told}.completed", **place}
        yield from self._done({**item, **ended})

    def _done(self, item: Fields) -> Iterator[Fields]:
        yield self._told("done", item)
        self.items.append(item)

    def _told(self, what: str, item: Fields) -> Fields:
        return {"type": f"response.output_item.{what}", **self._at(), "item": item}

    def _at(self) -> Fields:
        return {"output_index": len(self.items)}

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{self._run}_{len(self.items)}"
