"""What the console shows when the host is ready."""

import settings
from devhost import summary
from devhost.config import HostConfig
from devhost.worker import HttpFunction, Worker
from settings import Settings

_QUESTION = "How do I add my own chain?"
_OF_ANY_DOCUMENTS = "YOUR QUESTION"
_CHAT = "api/chat"


def banner(
    config: HostConfig, worker: Worker, base_url: str, *, routes: bool = True
) -> str:
    lines = _routes(config, worker, base_url) if routes else []
    for function in worker.http_functions:
        if _path(config, function) == _CHAT:
            known = settings.load()
            lines += [
                "",
                *_summary(known, base_url),
                "",
                _curl(config, known, base_url, function),
            ]
    lines += ["", f"Listening on {base_url} (Ctrl-C stops)"]
    return "\n".join(lines)


def _routes(config: HostConfig, worker: Worker, base_url: str) -> list[str]:
    lines = ["", "Functions in function_app.py:", ""]
    rows = [
        (
            ",".join(function.methods) or "ANY",
            f"{base_url}/{_path(config, function)}",
            function.name,
        )
        for function in worker.http_functions
        if "{*" not in function.route  # What answers that there is nothing.
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for methods, url, name in rows:
        lines.append(f"  {methods:{widths[0]}}  {url:{widths[1]}}  {name}")
    return lines


def _path(config: HostConfig, function: HttpFunction) -> str:
    route = function.route.strip("/")
    if route.endswith(":maxlength(0)?}"):  # The root itself.
        route = route.rpartition("/")[0]
    return f"{config.route_prefix}/{route}".strip("/")


def _summary(known: Settings, base_url: str) -> list[str]:
    rows = list(summary.rows(known))
    if known.pages:
        rows.insert(0, ("chat page", f"{base_url}/"))
    width = max(len(name) for name, _ in rows)
    return [f"  {name:{width}}  {value}" for name, value in rows]


def _curl(
    config: HostConfig, known: Settings, base_url: str, function: HttpFunction
) -> str:
    """A command to paste; a key is shown by its place, never itself."""
    key = ""
    if known.api_keys:
        key = " -H 'api-key: YOUR_KEY'"
    elif config.function_key and not function.anonymous:
        key = " -H 'x-functions-key: YOUR_KEY'"
    # Of documents of their own people would be told that nothing matches.
    answers = known.default_chain != "docs" or not known.docs_path
    question = _QUESTION if answers else _OF_ANY_DOCUMENTS
    return (
        f"curl -N {base_url}/{_CHAT} -H 'content-type: application/json'{key} "
        f'-d \'{{"user":"{question}"}}\''
    )
