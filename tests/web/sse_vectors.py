"""Streams and the events in them, for any reader of Server-Sent Events.

See: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import random
from collections.abc import Iterator

Read = list[str]
"""An event: its type, its data, the last id."""
Vector = tuple[str, str, list[Read]]


EXAMPLES: list[Vector] = [
    (
        "the standard's stocks",
        "data: YHOO\ndata: +2\ndata: 10\n\n",
        [["message", "YHOO\n+2\n10", ""]],
    ),
    (
        "the standard's four blocks",
        ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
        "data:  third event\n\n",
        [
            ["message", "first event", "1"],
            ["message", "second event", ""],
            ["message", " third event", ""],
        ],
    ),
    (
        "the standard's empty data",
        "data\n\ndata\ndata\n\ndata:",
        [["message", "", ""], ["message", "\n", ""]],
    ),
    (
        "the standard's optional space",
        "data:test\n\ndata: test\n\n",
        [["message", "test", ""], ["message", "test", ""]],
    ),
    (
        "the standard's types",
        "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
        [["add", "73857293", ""], ["remove", "2153", ""]],
    ),
    ("a byte order mark", "\ufeffdata: a\n\n", [["message", "a", ""]]),
    ("not two marks", "\ufeff\ufeffdata: a\n\ndata: b\n\n", [["message", "b", ""]]),
    ("no data", "event: ping\nid: 4\n\ndata: a\n\n", [["message", "a", "4"]]),
    (
        "an id with a NUL",
        "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
        [["message", "a", "1"], ["message", "b", "1"]],
    ),
    (
        "unknown fields",
        "foo: bar\nretry: 9\nevents: x\ndata : y\ndata: a\n\n",
        [["message", "a", ""]],
    ),
    ("an end without a blank line", "data: a\n\ndata: b\n", [["message", "a", ""]]),
    (
        "separators that end no line",
        "data: a\u2028b\u0085c\u000bd\n\n",
        [["message", "a\u2028b\u0085c\u000bd", ""]],
    ),
    ("emoji", "data: 👩‍🚀é€\n\n", [["message", "👩‍🚀é€", ""]]),
    ("colons in data", "data: a: b:c\n\n", [["message", "a: b:c", ""]]),
]

_PIECES = ["a", "é", "€", "👩‍🚀", " ", ":", "\u2028", '{"x":1}', "data:", "\t", "0"]


def generated(count: int) -> Iterator[Vector]:
    """Streams of all kinds of line ends; the same each time."""
    chance = random.Random(8)
    for number in range(count):
        stream, events, last = "", list[Read](), ""
        for _ in range(chance.randint(1, 4)):
            written, kind, data = list[str](), "message", list[str]()
            for _ in range(chance.randint(1, 4)):
                text = "".join(chance.choices(_PIECES, k=chance.randint(0, 5)))
                match chance.randrange(5):
                    case 0:
                        kind = text or "message"
                        written.append(f"event: {text}")
                    case 1:
                        last = text
                        written.append(f"id: {text}")
                    case 2:
                        written.append(f": {text}")
                    case _:
                        data.append(text)
                        written.append(f"data: {text}")
            for line in [*written, ""]:
                # A CR and the LF of a blank line would be one end.
                ends = ["\r", "\r\n"] if stream.endswith("\r") else ["\n", "\r", "\r\n"]
                stream += line + chance.choice(ends)
            if data:
                events.append([kind, "\n".join(data), last])
        yield f"generated {number}", stream, events
