"""The OpenAPI description at `/api/openapi.json`.

`python -m app.openapi` makes the file from the routes and the models that check
requests. The file is served, so that a start need not make it, with the dialects that
were added since.
"""

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from runs import Run
from streaming import dialects, requests, sse
from streaming.headers import JSON

if TYPE_CHECKING:
    from app import App

FILE = Path(__file__).with_name("openapi.json")


PATH = "/api/chat/{dialect}"
ASKED = requests.validate({"messages": [{"role": "user", "content": "?"}]})


async def describe(app: "App", request: Request, run: Run) -> Response:
    text = await asyncio.to_thread(described)
    return Response(text, headers={**JSON})


@cache
def described() -> bytes:
    """The file, and the dialects that were added since it was made."""
    description = json.loads(FILE.read_bytes())
    with_dialects(description)
    return sse.dumps(description)


def with_dialects(description: dict[str, Any]) -> None:
    """Add to *description* the dialects that there are beside those it has."""
    chat = description["paths"][PATH]["post"]
    known = chat["parameters"][0]["schema"]["enum"]
    for name in dialects.names():
        if name not in known and (kind := _content_type(name)):
            known.append(name)
            chat["responses"]["200"]["content"].setdefault(kind, {"schema": {}})


def _content_type(dialect: str) -> str | None:
    try:
        headers = dialects.load(dialect).headers(ASKED)
        return headers["content-type"].partition(";")[0]
    except Exception:
        return None  # It answers nobody, and the log says why.
