"""What is asked beside the routes: another method of a path, or a path of none."""

import re
from collections.abc import Iterator, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.invocation import Handler, Route
from runs import Run
from streaming.errors import MethodNotAllowed, NotFound, NotYet

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def routes(known: Sequence[Route]) -> Iterator[Route]:
    """Routes for whatever else is asked beside the *known* ones."""
    for prefix, dialect in (
        ("api", "json"),
        ("api/openai", "openai"),
        ("openai", "openai"),
        ("langgraph", "langgraph"),
    ):
        yield Route(
            f"elsewhere_{prefix.replace('/', '_')}",
            f"{prefix}/{{*rest}}",
            _handler(prefix, known),
            "What no other route answers",
            dialect=dialect,
            methods=METHODS,
        )


def _handler(prefix: str, known: Sequence[Route]) -> Handler:
    async def answer(app: App, request: Request, run: Run) -> Response:
        path = f"{prefix}/{request.path_params.get('rest', '')}"
        found = [
            (route, values)
            for route in known
            if (values := _match(route, path)) is not None
        ]
        allowed = {method for route, _ in found for method in _methods(route)}
        if request.method == "HEAD" and "HEAD" in allowed:
            return await _as_get(app, request, run, found)
        if prefix == "langgraph":
            raise _not_of_this_sdk(request.method, path)
        if allowed:
            route, values = found[0]
            run.dialect = route.dialect or values["dialect"]
            raise _wrong_method(request.method, path, allowed)
        if prefix == "api":
            return Response(status_code=404)  # As the host answers elsewhere.
        raise _unknown(path, prefix, known)

    return answer


Found = list[tuple[Route, Mapping[str, str]]]


async def _as_get(app: App, request: Request, run: Run, found: Found) -> Response:
    for route, values in found:
        if "GET" in route.methods:
            request.scope["path_params"] = dict(values)
            return await route.handler(app, request, run)
    raise NotFound("There is nothing to get.")


def _match(route: Route, path: str) -> Mapping[str, str] | None:
    """The parameters of *path*, if it is one of *route*."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(route.path))
    found = re.fullmatch(pattern, path.rstrip("/"), re.IGNORECASE)
    return found.groupdict() if found else None


def _methods(route: Route) -> set[str]:
    return {*route.methods, *(("HEAD",) if "GET" in route.methods else ())}


def _wrong_method(method: str, path: str, allowed: set[str]) -> MethodNotAllowed:
    return MethodNotAllowed(
        f"/{path[:100]} has no {method}: use {' or '.join(sorted(allowed))}.",
        allowed=sorted(allowed),
    )


def _not_of_this_sdk(method: str, path: str) -> NotYet:
    return NotYet(
        f"{method} /{path[:100]}: the LangGraph SDK may ask for it, and it is not done "
        "here. What is: assistants, threads, and their runs."
    )


def _unknown(path: str, prefix: str, known: Sequence[Route]) -> NotFound:
    there = [
        f"{' '.join(route.methods)} /{route.path}"
        for route in known
        if route.path.startswith(f"{prefix}/")
    ]
    return NotFound(f"There is no /{path[:100]}, expected one of: {', '.join(there)}.")
