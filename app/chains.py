"""The chains there are, and what one of them takes."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from app import App
from runs import Run
from server.response import json_response


async def list_chains(app: App, request: Request, run: Run) -> Response:
    described = await asyncio.to_thread(
        lambda: [
            {"name": name, "description": app.chains.describe(name)}
            for name in app.chains.names
        ]
    )
    return json_response(
        {
            "default": app.chains.default,
            "chains": described,
            "threads": app.store.durable,
        }
    )


async def chain(app: App, request: Request, run: Run) -> Response:
    """Loads the chain, which imports LangChain: its own schema says what it takes."""
    name = app.chains.find(str(request.path_params["name"]))
    schema, takes = await app.chains.input_of(name)
    description = await asyncio.to_thread(app.chains.describe, name)
    return json_response(
        {
            "name": name,
            "description": description,
            "input_schema": schema,
            "takes": takes,
        }
    )
