"""What is sent: requests whose every part may be wrong, and bytes that are none."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.fuzz import fuzz_bodies

ROUTES = {
    "/api/chat": "native",
    "/api/chat/json": "native",
    "/api/http_trigger": "native",
    "/api/chat-stream": "native",
    "/api/stream": "native",
    "/api/chat/text": "native",
    "/api/chat/delta": "native",
    "/api/chat/ui-message": "ui",
    "/api/chat/ag-ui": "ag-ui",
    "/api/chat/responses": "responses",
    "/api/chat/openai": "openai",
    "/api/aoaifn": "openai",
    "/openai/v1/chat/completions": "openai",
    "/openai/deployments/gpt-4o/chat/completions": "openai",
    "/openai/deployments/docs/chat/completions": "openai",
    "/api/openai/v1/chat/completions": "openai",
    "/openai/v1/embeddings": "openai",
    "/openai/deployments/gpt-4o/embeddings": "openai",
}
"""Paths, and which wire's body is right there."""

GETS = ("/api/health", "/api/chains", "/api/openapi.json", "/openai/v1/models")

SEGMENTS = (
    *("..", ".", "%2e%2e", "%2f", "..%2f..%2fetc", "%00", "%", "%zz", "%c0%af", "%ff"),
    *("x" * 300, "x" * 9000, "é", "%F0%9F%98%80", "a;b", "a b", "a%20b", "*", "~", ""),
    *("__init__", "_model", "json%0d%0ax:y", "%252e%252e", "\\..", "{dialect}"),
)
QUERIES = (
    *("", "", "", "?", "?code=", "?code=%00", "?code=%ff", "?x=1&x=2&&&", "?%zz"),
    *("?=", "?a[]=1", "?api-version=2024-10-21", "?api-version=../..", "?ready=1"),
    *("?api-version=", "?" + "x" * 9000, "?%ED%A0%80"),
    "?" + "&".join(f"a{number}=1" for number in range(2000)),
)
METHODS = ("GET", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "X")
HEADERS = (
    *("content-type: application/json", "content-type: text/plain", "content-type:"),
    "content-type: application/json; charset=utf-16",
    *("content-type: multipart/form-data", "content-encoding: gzip"),
    *("content-encoding: br", "accept-encoding: gzip;q=2", "expect: 100-continue"),
    *("expect: x", "connection: close", "connection: upgrade", "upgrade: websocket"),
    *("upgrade: h2c", "te: trailers", "trailer: x", "range: bytes=0-1"),
    *("accept: application/xml", "accept: text/event-stream", "last-event-id: 5"),
    *("x-request-id: a b", "x-request-id: ok-1", "x-request-id:"),
    *("x-request-id: " + "x" * 5000, "authorization: Bearer", "api-key: \xe9"),
    *("authorization: Basic eDp5", "authorization: \xff", "host: other", "host:"),
    *("cookie: " + "a=b; " * 500, "x-long: " + "y" * 40_000, "origin: null"),
    *("origin: http://localhost:3000", "access-control-request-method: POST"),
    *("traceparent: 00-x", "tracestate: " + "x" * 600, "x-ms-invocation-id: 1"),
    *("x-ms-client-principal: !", "x-ms-client-principal-id: x", "date: never"),
    *("x-http-method-override: GET", "x-forwarded-for: \xff", "forwarded: for="),
    *("content-md5: x", "bad header: x", "no-colon", ": no-name", "x-nul: a\x00b"),
    *("x-zumo-auth: x", "x-stainless-lang: \x7f", "tracestate: \xe9", "accept: \t"),
    *("connection: content-type, accept", "content-encoding: \xff", "user-agent:"),
    *("openai-organization: x", "idempotency-key: a\x01b", "extra-parameters: é"),
    *("x-fold: a\r\n b", "é: x"),
)
LENGTHS = (
    *("-1", "+5", "abc", "0x5", "1e3", "", " 5 5", "5,5", "9" * 30, "٣"),
    "18446744073709551616",
)
RAW = (
    *(b"\r\n" * 50, b"\x00" * 200, b"SSH-2.0-x\r\n", b"GET /\r\n\r\n"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 60,
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"),
    *(b"POST /api/chat HTTP/1.1", b"POST /api/chat HTTP/1.1\r\nhost: x\r\n"),
    *(b"POST  /api/chat  HTTP/1.1\r\n\r\n", b"GET /api/health HTTP/1.1\n\n"),
    *(b"HTTP/1.1 200 OK\r\n\r\n", b"GET /" + b"x" * 100_000),
    b"POST /api/chat HTTP/1.1\r\n" + b"x: y\r\n" * 3000,
    *(b"GET http:// HTTP/1.1\r\nhost: x\r\n\r\n",),
    *(b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",),
)


@dataclass(frozen=True, slots=True)
class Input:
    """What is sent over a connection of its own.

    `whole` is whether it has all that an answer needs, even if that is to be told that
    its body never came.
    """

    kind: str
    data: bytes
    path: str = ""
    whole: bool = True


def generate(seed: int, count: int) -> Iterator[Input]:
    """The same inputs for the same *seed*."""
    rng = Random(seed)
    for _ in range(count):
        made = rng.choices((request, odd_framing, odd_path, raw), (60, 20, 12, 8))[0]
        yield made(rng)


def request(rng: Random) -> Input:
    """A request whose framing is right, with odd headers and a body of any kind."""
    path, wire = rng.choice(tuple(ROUTES.items()))
    kind, body = fuzz_bodies.generate(rng, wire)
    extra = rng.sample(HEADERS, rng.choice((0, 0, 0, 1, 2, 4)))
    if rng.random() < 0.02:
        extra += [f"x-{n}: y" for n in range(rng.choice((90, 150, 2000)))]
    if rng.random() < 0.2:
        framed, data = ["transfer-encoding: chunked"], chunked(rng, body)
    else:
        framed, data = [f"content-length: {len(body)}"], body
    head = _head("POST", path + rng.choice(QUERIES), [*extra, *framed])
    return Input(f"body {kind}", head + data, path)


def odd_framing(rng: Random) -> Input:
    """A request that does not say truly where its body ends."""
    path, wire = rng.choice(tuple(ROUTES.items()))
    body = fuzz_bodies.valid(rng, wire)
    right = f"content-length: {len(body)}"
    chunks = chunked(rng, body)
    te = "transfer-encoding: "
    kinds = {
        "longer": ([f"content-length: {len(body) + 50}"], body),
        "shorter": ([f"content-length: {len(body) // 2}"], body),
        "far too long": (["content-length: 99999999999"], body),
        "no number": ([f"content-length: {rng.choice(LENGTHS)}"], body),
        "twice": ([right, right], body),
        "twice, differing": ([right, "content-length: 3"], body),
        "none": ([], body),
        "both": ([right, te + "chunked"], chunks),
        "both, other order": ([te + "chunked", right], chunks),
        "chunked twice": ([te + "chunked, chunked"], chunks),
        "not chunked last": ([te + "chunked, identity"], chunks),
        "gzip, chunked": ([te + "gzip, chunked"], chunks),
        "odd name": (["transfer-encoding : chunked"], chunks),
        "odd value": ([te + "\x0bchunked"], chunks),
        "odd chunks": ([te + "chunked"], odd_chunks(rng, body)),
        "no end": ([te + "chunked"], chunks[:-5]),
        "expected": ([right, "expect: 100-continue"], body),
        "expected, not sent": ([right, "expect: 100-continue"], b""),
        "two at once": ([right], body + _head("GET", "/api/health", [])),
    }  # fmt: skip
    kind, (framed, data) = rng.choice(tuple(kinds.items()))
    return Input(f"framing {kind}", _head("POST", path, framed) + data, path)


def odd_path(rng: Random) -> Input:
    """A path, method or version that nobody serves, or one with something odd in it."""
    path = rng.choice((*ROUTES, *GETS))
    parts = path.split("/")
    parts[rng.randrange(1, len(parts))] = rng.choice(SEGMENTS)
    odd = "/".join(parts) if rng.random() < 0.8 else path
    method = rng.choice(METHODS) if rng.random() < 0.4 else "POST"
    version = rng.choice(("1.1", "1.1", "1.1", "1.1", "1.0", "0.9", "2.0", "x"))
    body = fuzz_bodies.valid(rng, "native")
    head = _head(method, odd + rng.choice(QUERIES), [f"content-length: {len(body)}"])
    head = head.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1)
    return Input("path", head + body, odd, whole=method != "HEAD")


def raw(rng: Random) -> Input:
    """Bytes that are no HTTP, or only its beginning."""
    data = rng.choice((*RAW, rng.randbytes(rng.randrange(1, 3000)), b""))
    if rng.random() < 0.3:
        _, body = fuzz_bodies.generate(rng, "native")
        data = _head("POST", "/api/chat", [f"content-length: {len(body)}"]) + body
        data = data[: rng.randrange(len(data))]
    return Input("raw", data, whole=False)


def chunked(rng: Random, body: bytes) -> bytes:
    """*body* in chunks of any size."""
    out = b""
    while body:
        size = rng.randrange(1, len(body) + 1) if len(body) < 1000 else len(body)
        out += f"{size:x}\r\n".encode() + body[:size] + b"\r\n"
        body = body[size:]
    return out + b"0\r\n\r\n"


def odd_chunks(rng: Random, body: bytes) -> bytes:
    """Chunks that are none."""
    size = rng.choice(
        (b"-1", b"zz", b"", b"ffffffffffffffffffff", b"5;" + b"x" * 9000, b"0x5")
    )
    return size + b"\r\n" + body + b"\r\n0\r\n\r\n"


def _head(method: str, target: str, headers: list[str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "host: test", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogatepass")
