"""The app on `azure-functions-runtime`, the library that Azure's worker runs it with.

The runtime keeps its state in module globals: one app per process.
"""

import asyncio
import importlib
import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import azure_functions_runtime as runtime
from azure_functions_runtime.http_v2 import HttpV2Registry, http_coordinator
from fastapi import FastAPI

from devhost.errors import StartError
from devhost.raised_at import raised_at

_SCRIPT = "function_app.py"


class _Proto(SimpleNamespace):
    """Stands in for every protobuf message: it has the fields it was made with."""

    def WhichOneof(self, group: str) -> str | None:
        field: str | None = getattr(self, "oneof", None)
        return field


class _Failure(_Proto):
    """`RpcException`, which would carry only text: this keeps the exception."""

    def __init__(self, **fields: str) -> None:
        super().__init__(raised=sys.exception(), **fields)


class _BindingInfo(_Proto):
    undefined, out, inout = 0, 1, 2


class _StatusResult(_Proto):
    Failure, Success = 0, 1


class _Protos:
    """Stands in for the module of protobuf messages."""

    BindingInfo = _BindingInfo
    StatusResult = _StatusResult
    RpcException = _Failure

    def __getattr__(self, name: str) -> type[_Proto]:
        return _Proto


@dataclass(frozen=True, slots=True)
class HttpFunction:
    name: str
    id: str
    route: str
    methods: tuple[str, ...]
    """Empty: any."""
    anonymous: bool
    argument: str


class FunctionExit(Exception):
    """A function ended by `SystemExit`, or by a cancellation from inside it."""


@dataclass(frozen=True, slots=True)
class Worker:
    web_app: FastAPI
    http_functions: tuple[HttpFunction, ...]

    async def invoke(
        self,
        function: HttpFunction,
        *,
        invocation_id: str,
        route_values: Mapping[str, str],
        trace_parent: str,
        trace_state: str,
    ) -> None:
        """Run *function* on the request that `web_app` gets with *invocation_id*.

        What it returns or raises comes out of `web_app`.
        """
        http = _Proto(
            method="",
            url="",
            headers={},
            query={},
            body=_Proto(),
            params=route_values,
        )
        data = _Proto(oneof="http", http=http)
        invocation = _Proto(
            invocation_id=invocation_id,
            function_id=function.id,
            trigger_metadata={},
            input_data=[_Proto(oneof="data", name=function.argument, data=data)],
            trace_context=_Proto(
                trace_parent=trace_parent, trace_state=trace_state, attributes={}
            ),
            retry_context=_Proto(retry_count=0, max_retry_count=0, exception=None),
        )
        try:
            await runtime.invocation_request(
                _Proto(request=_Proto(invocation_request=invocation))
            )
        except (asyncio.CancelledError, SystemExit) as exc:
            # The runtime passes on only an `Exception`; its caller would wait for ever.
            ended = FunctionExit(type(exc).__name__).with_traceback(exc.__traceback__)
            http_coordinator.set_http_response(invocation_id, ended)
            if isinstance(exc, asyncio.CancelledError):
                raise

    def close(self) -> None:
        """Leave no thread behind but those still inside a function."""
        runtime.get_threadpool_executor().shutdown(wait=False, cancel_futures=True)


async def load(app_dir: Path) -> Worker:
    """Import and index the app, inside the running loop as Azure's worker does."""
    if not (app_dir / _SCRIPT).is_file():
        raise StartError(f"There is no {_SCRIPT} in {app_dir}.")
    # The runtime's own: two lines a request.
    logging.getLogger("azure.functions").setLevel(logging.WARNING)
    os.chdir(app_dir)
    sys.path.insert(0, str(app_dir))
    try:
        # The runtime's own import would make text of what this raises.
        importlib.import_module(Path(_SCRIPT).stem)
    except (Exception, SystemExit) as exc:
        raise StartError(_describe(exc, app_dir)) from exc
    captured = _capture_web_app() if HttpV2Registry.http_v2_enabled() else []
    runtime.start_threadpool_executor()
    properties = {"host": "127.0.0.1", "protos": _Protos()}
    init = _Proto(capabilities={}, function_app_directory=str(app_dir))
    response = await runtime.worker_init_request(
        _Proto(properties=properties, request=_Proto(worker_init_request=init))
    )
    if response.result.status != _StatusResult.Success:
        raised = response.result.exception.raised
        raise StartError(_describe(raised, app_dir)) from raised
    if not captured:
        raise StartError(
            f"{_SCRIPT} does not use the FastAPI extension, which this host needs: "
            "import Request and Response from azurefunctions.extensions.http.fastapi."
        )
    metadata = await runtime.functions_metadata_request(_Proto())
    return _worker(captured[0], metadata.function_metadata_results or [])


def _capture_web_app() -> list[FastAPI]:
    """Have the runtime fill the list, instead of starting a second server."""
    captured: list[FastAPI] = []

    class WebServer:
        def __init__(self, host: str, port: int, web_app: SimpleNamespace) -> None:
            captured.append(web_app.get_app())

        async def serve(self) -> None:
            pass

    tracker = HttpV2Registry.ext_base().ModuleTrackerMeta
    vars(sys.modules[tracker.get_module()])["WebServer"] = WebServer
    return captured


def _worker(web_app: FastAPI, functions: list[_Proto]) -> Worker:
    http_functions: list[HttpFunction] = []
    for function in functions:
        bindings = [json.loads(binding) for binding in function.raw_bindings]
        trigger = next(b for b in bindings if b["type"].lower().endswith("trigger"))
        if trigger["type"] != "httpTrigger":
            log = logging.getLogger("devhost")
            log.warning("%s is not run: it has no HTTP trigger", function.name)
            continue
        http_functions.append(
            HttpFunction(
                name=function.name,
                id=function.function_id,
                route=trigger.get("route") or function.name,
                methods=tuple(m.upper() for m in trigger.get("methods") or ()),
                anonymous=trigger.get("authLevel", "function").lower() == "anonymous",
                argument=trigger["name"],
            )
        )
    return Worker(web_app, tuple(http_functions))


def _describe(exc: BaseException, app_dir: Path) -> str:
    text = exc.msg if isinstance(exc, SyntaxError) else str(exc)
    return f"{raised_at(exc, app_dir) or _SCRIPT}: {type(exc).__name__}: {text}"
