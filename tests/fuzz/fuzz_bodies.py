"""Request bodies, most of them wrong."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

Body = tuple[str, bytes]
"""What kind of body it is, and its bytes."""

HELLO = {"role": "user", "content": "hello"}
COUNTED = {"role": "user", "content": "standin:odd_usage"}
UNSENDABLE = {"role": "user", "content": "standin:unsendable_headers"}
CODE = {"role": "user", "content": "standin:raw_code size=100"}
CALLS = {"role": "user", "content": "standin:many_calls"}
PART = {"type": "text", "text": "hello"}

NOTHING = "standin:nothing which=3"
ODD_HEADERS = "standin:odd_headers which=1"

VALID: dict[str, list[dict[str, Any]]] = {
    "native": [
        {"user": NOTHING},
        {"user": ODD_HEADERS, "stream": False},
        {"user": "hello"},
        {"messages": [HELLO], "stream": False},
        {"messages": [COUNTED]},
        {"messages": [{"role": "user", "content": [PART]}], "temperature": 1},
        {"user": "hello", "chain": "docs", "stop": ["x"], "seed": 1, "max_tokens": 5},
        {"messages": [CODE]},
        {"messages": [CALLS], "stream": False},
    ],
    "openai": [
        {"model": "gpt-4o", "messages": [HELLO]},
        {"model": "docs", "messages": [HELLO], "stream": True},
        {"model": "gpt-4o", "messages": [COUNTED], "stream": True},
        {"model": "gpt-4o", "messages": [HELLO], "stream": True, "n": 1, "user": "x"},
        {"model": "gpt-4o", "messages": [UNSENDABLE], "stream": True},
        {"model": "gpt-4o", "messages": [UNSENDABLE]},
        {"model": "gpt-4o", "messages": [{"role": "user", "content": NOTHING}]},
        {"messages": [{"role": "user", "content": ODD_HEADERS}], "stream": True},
        {"model": "gpt-4o", "input": ["hello"]},
        {"model": "chat", "messages": [HELLO], "max_completion_tokens": 5},
        {"model": "chat", "messages": [CODE], "stream": True},
        {"model": "chat", "messages": [CALLS], "stream": True},
    ],
    "ui": [
        {"messages": [{"id": "1", "role": "user", "parts": [PART]}]},
        {"id": "x", "trigger": "submit-message", "messages": [
            {"role": "user", "parts": [PART, {"type": "file", "url": "data:,x",
                                              "mediaType": "text/plain"}]}]},
    ],
    "responses": [
        {"model": "chat", "input": "hello", "stream": True},
        {"model": "docs", "input": [HELLO],
         "tools": [{"type": "function", "name": "f"}]},
        {"model": "chat", "input": [{"role": "user", "content": [PART]}],
         "store": False, "text": {"format": {"type": "json_object"}}},
        {"input": [HELLO, {"type": "function_call_output", "call_id": "c",
                           "output": "x"}],
         "instructions": "x", "conversation": "c", "max_output_tokens": 5},
    ],
    "ag-ui": [
        {"threadId": "t", "runId": "r", "messages": [HELLO], "context": []},
        {"messages": [HELLO], "tools": [{"name": "f", "description": "x"}]},
        {"messages": [{"role": "user", "content": [PART]}], "state": {"a": 1},
         "forwardedProps": {"stream": False, "chain": "docs"}},
        {"threadId": "t", "messages": [HELLO],
         "resume": [{"interruptId": "i", "status": "cancelled"}]},
    ],
}  # fmt: skip

NAMES = (
    *("user", "message", "messages", "chain", "stream", "model", "stop", "seed"),
    *("temperature", "max_tokens", "top_p", "tools", "n", "stream_options", "id"),
    *(
        "max_completion_tokens",
        "system_prompt",
        "input",
        "response_format",
        "logprobs",
        "role",
        "content",
    ),
    *(
        "parts",
        "type",
        "text",
        "tool_calls",
        "tool_call_id",
        "",
        "\x00",
        "é",
        "__proto__",
    ),
)
NUMBERS = (
    *("1e400", "-1e400", "1" * 400, "-" + "9" * 5000, "0.1e-9999", "-0", "1E+308"),
    *("9007199254740993", "18446744073709551616", "NaN", "Infinity", "-Infinity"),
    *("01", "1.", ".5", "+1", "0x10", "1_000", "1e", "--1"),
)
STRINGS = (
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\\u2028"', '"\\x41"', '"\x07"'),
    *('"' + "x" * 100_000 + '"', '"\\"', '""', '" "', '"../../etc/passwd"', '"{}"'),
    *('"\ufeff"', '"\u202e"', '"👩‍👩‍👧"', "'single'", '"\\ud83d\\ude00"', '"%s%n{0}"'),
)
WORDS = ("null", "true", "false", "[]", "{}", "[[]]", "[null]", '{"a":1}', "undefined")


def generate(rng: Random, wire: str) -> Body:
    """A body for a route of *wire*, or for another one."""
    kind = rng.choice(tuple(KINDS))
    return kind, KINDS[kind](rng, wire)


def valid(rng: Random, wire: str) -> bytes:
    """A body that is right."""
    return json.dumps(rng.choice(VALID[wire])).encode()


def swapped(rng: Random, wire: str) -> bytes:
    """A body that is right elsewhere."""
    return valid(rng, rng.choice([name for name in VALID if name != wire]))


def truncated(rng: Random, wire: str) -> bytes:
    whole = valid(rng, wire)
    return whole[: rng.randrange(len(whole))]


def duplicated(rng: Random, wire: str) -> bytes:
    """One member more, which may be there already."""
    return with_member(rng, wire, rng.choice(WORDS + STRINGS))


def number(rng: Random, wire: str) -> bytes:
    return with_member(rng, wire, rng.choice(NUMBERS))


def string(rng: Random, wire: str) -> bytes:
    return with_member(rng, wire, rng.choice(STRINGS))


def nested(rng: Random, wire: str) -> bytes:
    depth = rng.choice((100, 1000, 1025, 20_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"role":', "}]")))
    inside = rng.choice(("", "1", '"x"'))
    deep = opening * depth + inside + closing * rng.choice((depth, depth, 0))
    return with_member(rng, wire, deep) if rng.random() < 0.7 else deep.encode()


def with_member(rng: Random, wire: str, value: str) -> bytes:
    """A right body, and somewhere in it one member more."""
    text = valid(rng, wire).decode()
    member = f"{json.dumps(rng.choice(NAMES))}:{value}"
    places = [at + 1 for at, sign in enumerate(text) if sign == "{"]
    place = rng.choice(places)
    empty = text[place] == "}"
    text = text[:place] + member + ("" if empty else ",") + text[place:]
    return text.encode("utf-8", "surrogatepass")


def wrong_type(rng: Random, wire: str) -> bytes:
    """A right body but for the type of one value, at any depth."""
    root = json.loads(valid(rng, wire))
    holder: Any = root
    while True:
        key = rng.choice(
            list(holder) if isinstance(holder, dict) else range(len(holder))
        )
        if not isinstance(holder[key], dict | list) or rng.random() < 0.4:
            holder[key] = tree(rng, 2)
            return json.dumps(root).encode()
        holder = holder[key]


def tree(rng: Random, depth: int) -> Any:
    """Any JSON at all."""
    leaves: list[Any] = [
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**30,
        "",
        "x",
        "\ud800",
        [],
        {},
    ]
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(leaves)
    if rng.random() < 0.5:
        return [tree(rng, depth - 1) for _ in range(rng.randrange(4))]
    names = rng.choices(NAMES, k=rng.randrange(4))
    return {name: tree(rng, depth - 1) for name in names}


def any_tree(rng: Random, wire: str) -> bytes:
    return json.dumps(tree(rng, 4)).encode()


def invalid_utf8(rng: Random, wire: str) -> bytes:
    whole = bytearray(valid(rng, wire))
    bad = rng.choice(
        (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x28")
    )
    at = rng.randrange(len(whole))
    whole[at:at] = bad
    return bytes(whole)


def encoded(rng: Random, wire: str) -> bytes:
    """A right body in another encoding, or with a mark in front."""
    text = valid(rng, wire).decode()
    encoding = rng.choice(
        ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp037", "utf-7")
    )
    return text.encode(encoding)


def many(rng: Random, wire: str) -> bytes:
    """More of something than there may be."""
    count = rng.choice((257, 5000))
    thing: Any = rng.choice((HELLO, {}, None, 1, [], {"role": "x"}))
    fields = rng.choice((
        {"messages": [thing] * count},
        {"user": "x" * rng.choice((10_000, 300_000))},
        {**{f"x{n}": n for n in range(count)}, "user": "x"},
        {"messages": [{"role": "user", "content": [PART] * count}], "model": "docs"},
    ))  # fmt: skip
    return json.dumps(fields).encode()


def noise(rng: Random, wire: str) -> bytes:
    return rng.randbytes(rng.randrange(200))


def nothing(rng: Random, wire: str) -> bytes:
    return rng.choice(
        (b"", b" ", b"\r\n", b"\x00", b"null", b"1", b'""', b"{", b"{}{}")
    )


def flipped(rng: Random, wire: str) -> bytes:
    """A right body, but for a few bytes."""
    whole = bytearray(valid(rng, wire))
    for _ in range(rng.randrange(1, 4)):
        whole[rng.randrange(len(whole))] = rng.randrange(256)
    return bytes(whole)


KINDS: dict[str, Callable[[Random, str], bytes]] = {
    made.__name__: made
    for made in (
        *(valid, swapped, truncated, duplicated, number, string, nested, wrong_type),
        *(any_tree, invalid_utf8, encoded, many, noise, nothing, flipped),
    )
}
