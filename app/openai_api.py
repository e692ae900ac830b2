"""OpenAI's API: whether the model that a caller names is a chain or a deployment."""

from starlette.requests import Request
from starlette.responses import Response

from app import App, chain_responses, posted, responses
from app.chat import start
from app.deployments import forward
from proxy import json_text
from runs import Run
from server.request import check_media_type, check_size, check_starts_anew, parsed
from server.response import json_response
from streaming.dialects import json, openai
from streaming.errors import UnknownModel
from streaming.large import off_loop


async def complete(app: App, request: Request, run: Run) -> Response:
    """Chat with the model that the path names, else the body's `model`."""
    body = await posted.for_deployment(app, request)
    name = await _model(request, body)
    if _is_chain(app, name):
        return await _run_chain(app, request, body, name, run)
    _check(app, name, [*app.chains.names, *app.settings.deployments])
    return await forward(
        app, request, body, run, operation="chat/completions", deployment=name
    )


async def respond(app: App, request: Request, run: Run) -> Response:
    """Respond with the chain or the deployment that the body's `model` names."""
    body = await posted.for_deployment(app, request)
    name = await _model(request, body)
    if _is_chain(app, name):
        run.dialect = "responses"
        _check_asked(app, request, body)
        return await chain_responses.answer(app, body, run, name)
    _check(app, name, [*app.chains.names, *app.settings.deployments])
    return await responses.forward(app, request, body, run, deployment=name)


async def complete_by_default(app: App, request: Request, run: Run) -> Response:
    """Chat with the configured deployment; without one, with the default chain."""
    body = await posted.for_deployment(app, request)
    name = app.settings.deployment
    if name is None:
        return await _run_chain(app, request, body, app.chains.default, run)
    return await forward(
        app, request, body, run, operation="chat/completions", deployment=name
    )


async def embed(app: App, request: Request, run: Run) -> Response:
    """Embed the body with the deployment that the path names, else its `model`."""
    body = await posted.for_deployment(app, request)
    name = await _model(request, body)
    _check(app, name, list(app.settings.deployments))
    return await forward(
        app, request, body, run, operation="embeddings", deployment=name
    )


async def list_models(app: App, request: Request, run: Run) -> Response:
    return json_response({"object": "list", "data": list(_models(app).values())})


async def get_model(app: App, request: Request, run: Run) -> Response:
    name, models = str(request.path_params["model"]), _models(app)
    if name not in models:
        raise _unknown(name, list(models))
    return json_response(models[name])


def _is_chain(app: App, name: str) -> bool:
    uninstalled = name in app.chains.missing and name not in app.settings.deployments
    return name in app.chains.names or uninstalled


def _models(app: App) -> dict[str, dict[str, object]]:
    owners = dict.fromkeys(app.settings.deployments, "deployment")
    owners |= dict.fromkeys(app.chains.names, "chain")
    return {
        name: {"id": name, "object": "model", "created": 0, "owned_by": owner}
        for name, owner in owners.items()
    }


async def _model(request: Request, body: bytes) -> str:
    if name := request.path_params.get("deployment"):
        return str(name)
    check_media_type(request.headers)
    return openai.model(await off_loop(len(body), lambda: _members(body)))


def _members(body: bytes) -> dict[str, object]:
    members = json_text.members(body)
    return json.decode(body) if members is None else members


def _check(app: App, name: str, expected: list[str]) -> None:
    if name not in app.settings.deployments:
        raise _unknown(name, expected)


def _unknown(name: str, expected: list[str]) -> UnknownModel:
    return UnknownModel(
        f"Unknown model {name[:100]!r}, expected one of {expected}.", param="model"
    )


def _check_asked(app: App, request: Request, body: bytes) -> None:
    """What is asked of a chain has limits of its own."""
    check_starts_anew(request.headers)
    check_media_type(request.headers)
    check_size(len(body), app.settings.max_request_bytes)


async def _run_chain(
    app: App, request: Request, body: bytes, name: str, run: Run
) -> Response:
    _check_asked(app, request, body)
    run.prompt_bytes = len(body)
    path = {"deployment": name}
    return start(app, await parsed(openai.parse, body, path), run)
