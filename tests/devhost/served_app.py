"""The app of `test_serving`: a function for each way to answer, to fail and to wait."""

APP = """
import asyncio
import logging
import os
import sys
from pathlib import Path

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response
from azurefunctions.extensions.http.fastapi import StreamingResponse

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
go = asyncio.Event()
logging.info("the app says hello")


@app.route("items/{id}", methods=["GET"])
async def item(req: Request) -> JSONResponse:
    return JSONResponse(req.path_params, headers={"x-request-id": "r"})


@app.route("files/{*rest}", methods=["GET", "POST"])
async def files(req: Request) -> JSONResponse:
    body = (await req.body()).decode()
    return JSONResponse({**req.path_params, "body": body})


@app.route("named", methods=["GET"])
async def named(req: Request, context: func.Context) -> JSONResponse:
    trace_parent = context.trace_context.trace_parent
    same = req.headers["x-ms-invocation-id"] == context.invocation_id
    return JSONResponse([context.function_name, trace_parent, same])


@app.route("go", methods=["POST"])
async def let_go(req: Request) -> Response:
    go.set()
    return Response()


@app.route("two", methods=["GET"])
async def two(req: Request) -> StreamingResponse:
    async def chunks():
        yield b"first"
        await go.wait()
        go.clear()
        yield b"second"
    return StreamingResponse(chunks())


@app.route("slow", methods=["GET"])
async def slow(req: Request) -> StreamingResponse:
    async def chunks():
        for _ in range(3):
            yield b"."
            await asyncio.sleep(0.1)
    return StreamingResponse(chunks())


@app.route("thinks", methods=["GET"])
async def thinks(req: Request) -> JSONResponse:
    await go.wait()
    go.clear()
    return JSONResponse({})


class Ticks(Response):
    async def __call__(self, scope, receive, send):
        start = {"type": "http.response.start", "status": 200, "headers": []}
        await send(start)
        await send({"type": "http.response.body", "body": b"t", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        Path(os.environ["LEFT"]).write_text("left")


@app.route("ticks", methods=["GET"])
async def ticks(req: Request) -> Ticks:
    return Ticks()


@app.route("raises", methods=["GET"])
async def raises(req: Request) -> Response:
    raise ValueError("a prompt")  # RAISES


@app.route("breaks", methods=["GET"])
async def breaks(req: Request) -> StreamingResponse:
    async def chunks():
        yield b"x"
        raise ValueError("a prompt")
    return StreamingResponse(chunks())


@app.route("orphan", methods=["GET"])
async def orphan(req: Request) -> Response:
    async def fail():
        raise ValueError("a prompt")
    await asyncio.wait([asyncio.ensure_future(fail())])
    return Response()


@app.route("exits", methods=["GET"])
async def exits(req: Request) -> Response:
    sys.exit("a prompt")


@app.route("cancels", methods=["GET"])
async def cancels(req: Request) -> Response:
    raise asyncio.CancelledError("a prompt")


@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
def tick(timer: func.TimerRequest) -> None:
    pass
"""
