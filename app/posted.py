"""What a caller has posted, as far as the settings let it in."""

from codecs import BOM_UTF8

from starlette.requests import Request

from app import App
from server.request import check_media_type, read_body


async def for_chain(app: App, request: Request) -> bytes:
    check_media_type(request.headers)
    most = app.settings.max_request_bytes
    return await _read(app, request, most, "MAX_REQUEST_BYTES")


async def for_deployment(app: App, request: Request) -> bytes:
    """What a backend may take that a chain does not."""
    most = app.settings.max_proxy_request_bytes
    body = await _read(app, request, most, "MAX_PROXY_REQUEST_BYTES")
    return body.removeprefix(BOM_UTF8)


async def _read(app: App, request: Request, most: int, setting: str) -> bytes:
    seconds = app.settings.body_timeout_seconds
    return await read_body(
        request, most, setting, capacity=app.capacity, seconds=seconds
    )
