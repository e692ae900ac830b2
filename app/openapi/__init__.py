"""The OpenAPI description at `/api/openapi.json`.

`python -m app.openapi` makes the file from the routes and the models that check
requests. The file is served as it is, so that a start need not make it.
"""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from runs import Run
from streaming.headers import JSON

if TYPE_CHECKING:
    from app import App

FILE = Path(__file__).with_name("openapi.json")


async def describe(app: "App", request: Request, run: Run) -> Response:
    text = await asyncio.to_thread(FILE.read_bytes)
    return Response(text, headers={**JSON})
