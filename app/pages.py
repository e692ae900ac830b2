"""The pages and what they load: files of `web`, sent as they are.

A page is a file of `web/pages`, and its name is its path. The pages hold no data, so
they need no key; what they ask of the app does.
"""

import asyncio
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.invocation import Handler, Route
from runs import Run
from streaming.headers import SAFE

WEB = Path(__file__).parents[1] / "web"

HOME = "{ignored:maxlength(0)?}"
"""The route of `/` itself, which Azure takes no empty one for."""

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# See: https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    "vary": "accept-encoding",
    **SAFE,
}


@dataclass(frozen=True, slots=True)
class WebFile:
    body: bytes
    compressed: bytes
    kind: str
    etag: str


def routes() -> Iterator[Route]:
    """`/`, each page, `/client.js`, and what the pages load."""
    yield _route("home", HOME, _lead_to_chat, "Leads to /chat")
    for path in sorted((WEB / "pages").glob("*.html")):
        page = _sender(f"pages/{path.name}")
        yield _route(f"page_{path.stem}", path.stem, page, "A page")
    reader = _sender("client.js")
    yield _route("client_js", "client.js", reader, "Reads the stream in JavaScript")
    yield _route("assets", "assets/{*rest}", _send_asset, "What the pages load")


def _route(name: str, path: str, handler: Handler, summary: str) -> Route:
    methods = ("GET", "HEAD")
    return Route(name, path, handler, summary, methods=methods, anonymous=True)


async def _lead_to_chat(app: App, request: Request, run: Run) -> Response:
    if not app.settings.pages:
        return Response(status_code=404)
    return Response(status_code=307, headers={"location": "chat", **HEADERS})


def _sender(name: str) -> Handler:
    async def send(app: App, request: Request, run: Run) -> Response:
        return await _send(app, request, name)

    return send


async def _send_asset(app: App, request: Request, run: Run) -> Response:
    return await _send(app, request, f"assets/{request.path_params.get('rest', '')}")


async def _send(app: App, request: Request, name: str) -> Response:
    found = await asyncio.to_thread(_find, name) if app.settings.pages else None
    if found is None:
        return Response(status_code=404)
    headers = {**HEADERS, "etag": found.etag}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = found.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = found.compressed, "gzip"
    return Response(body, headers={**headers, "content-type": found.kind})


def _find(name: str) -> WebFile | None:
    """The file *name*, if it is one of those there are."""
    path = _served().get(name)
    return _read(path, path.stat().st_mtime_ns) if path else None


@cache
def _served() -> dict[str, Path]:
    return {
        path.relative_to(WEB).as_posix(): path
        for path in WEB.rglob("*")
        if path.suffix in KINDS
    }


@cache
def _read(path: Path, modified: int) -> WebFile:
    body = path.read_bytes()
    digest = hashlib.sha256(body).hexdigest()[:16]
    compressed = gzip.compress(body, 9, mtime=0)
    # Weak: the compressed body and the plain one have the same.
    return WebFile(body, compressed, KINDS[path.suffix], f'W/"{digest}"')
