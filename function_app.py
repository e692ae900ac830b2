"""The Function App: its settings, the app that they make, and the routes to it."""

import threading

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

import app
import compat
import settings
from app.invocation import Route
from app.routes import ROUTES
from settings.platform import Platform

compat.apply()
built = app.build(settings.load(), Platform())
functions = func.FunctionApp(
    http_auth_level=func.AuthLevel[built.settings.auth_level.upper()]
)


def bind(route: Route) -> None:
    """Have the host send *route*'s requests to the app."""

    async def handler(req: Request, context: func.Context) -> Response:
        parent = context.trace_context.trace_parent or ""
        return await route.answer(
            built, req, invocation_id=context.invocation_id, traceparent=parent
        )

    level = func.AuthLevel.ANONYMOUS if route.anonymous else None
    methods = list(route.methods)
    routed = functions.route(route.path, methods=methods, auth_level=level)(handler)
    functions.function_name(route.name)(routed)


for each in ROUTES:
    bind(each)
threading.Thread(target=built.warm, daemon=True).start()
