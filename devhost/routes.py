"""Route templates, and which of them a request matches, as the Functions host does it.

See: https://learn.microsoft.com/aspnet/core/fundamentals/routing
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from devhost.errors import StartError

_PARAMETER = re.compile(r"\{(\*?)(\w+)\}")
_NOTHING = re.compile(r"\{\w+:maxlength\(0\)\?\}")
_LITERAL, _VALUE, _REST = range(3)


class RouteTemplate:
    """A route, such as `chat/{dialect}` or, with the rest of a path, `files/{*rest}`.

    Of ASP.NET's templates it has neither constraints nor optional parameters, except
    `{name:maxlength(0)?}`, which is how a function gets the root itself.
    """

    def __init__(self, text: str) -> None:
        parts = [part for part in text.split("/") if part]
        if parts and _NOTHING.fullmatch(parts[-1]):
            del parts[-1]
        self._segments = [_segment(part, route=text) for part in parts]
        # The most specific one is the smallest.
        self.precedence = [kind for kind, _ in self._segments]
        if _REST in self.precedence[:-1]:
            raise StartError(f"route {text!r}: only its end may be the rest of a path")

    def match(self, path: list[str]) -> dict[str, str] | None:
        """The parameters' values if *path* matches; an empty rest is left out."""
        values: dict[str, str] = {}
        for index, (kind, name) in enumerate(self._segments):
            if kind == _REST:
                rest = "/".join(path[index:])
                return values | ({name: rest} if rest else {})
            text = path[index] if index < len(path) else ""
            if not text or (kind == _LITERAL and text.lower() != name):
                return None
            if kind == _VALUE:
                values[name] = text
        return values if len(path) == len(self._segments) else None


def _segment(text: str, *, route: str) -> tuple[int, str]:
    if parameter := _PARAMETER.fullmatch(text):
        return (_REST if parameter[1] else _VALUE), parameter[2]
    if set("{}?") & set(text):
        raise StartError(
            f"route {route!r}: this host cannot read {text!r}, "
            "only {name} and, at the end, {*name}"
        )
    return _LITERAL, text.lower()


class RouteTable[T]:
    """Endpoints by their routes: the most specific first, else in the order given."""

    def __init__(self, rows: Iterable[tuple[RouteTemplate, frozenset[str], T]]) -> None:
        """Each row's methods may be empty, which means any."""
        self._rows = sorted(rows, key=lambda row: row[0].precedence)

    def match(self, method: str, raw_path: bytes) -> tuple[T, dict[str, str]] | None:
        """The endpoint for a request; *raw_path* is still percent-encoded."""
        path = _decoded(raw_path)
        for template, methods, endpoint in self._rows:
            if methods and method not in methods:
                continue
            values = template.match(path)
            if values is not None:
                return endpoint, values
        return None


def _decoded(raw_path: bytes) -> list[str]:
    """The segments of a path; one trailing slash is ignored."""
    path = raw_path.decode("latin-1").removeprefix("/").removesuffix("/")
    return [unquote(segment) for segment in path.split("/")] if path else []
