"""What the console shows when the host is ready."""

from devhost.config import HostConfig
from devhost.worker import Worker

_QUESTION = '{"user":"How do I add my own chain?"}'


def banner(config: HostConfig, worker: Worker, base_url: str) -> str:
    lines = ["", "Functions in function_app.py:", ""]
    prefix = f"{base_url}/{config.route_prefix}".rstrip("/")
    rows = [
        (
            ",".join(function.methods) or "ANY",
            f"{prefix}/{function.route.strip('/')}",
            function.name,
        )
        for function in worker.http_functions
        if "{*" not in function.route  # What answers that there is nothing.
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for methods, url, name in rows:
        lines.append(f"  {methods:{widths[0]}}  {url:{widths[1]}}  {name}")
    lines += ["", *_curl(rows, base_url)]
    lines.append(f"Listening on {base_url} (Ctrl-C stops)")
    return "\n".join(lines)


def _curl(rows: list[tuple[str, str, str]], base_url: str) -> list[str]:
    chat = f"{base_url}/api/chat"
    if all(url != chat for _, url, _ in rows):
        return []
    return [
        f"curl -N {chat} -H 'content-type: application/json' -d '{_QUESTION}'",
        "",
    ]
