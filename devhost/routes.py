"""Route templates, and which of them a request matches, by ASP.NET's rules.

See: https://learn.microsoft.com/aspnet/core/fundamentals/routing
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from devhost.errors import StartError

_PARAMETER = re.compile(
    r"(?P<catch_all>\*{0,2})(?P<name>[^\W\d]\w*)(?P<constraints>(:[^:?]+)*)(?P<optional>\??)"
)
_CONSTRAINT = re.compile(r"(?P<kind>\w+)(\((?P<arguments>[^()]*)\))?")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.I)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_ALPHA = re.compile(r"[a-z]*", re.I)
_GUID = re.compile(
    r"[0-9a-f]{32}|(\{|\()?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\}|\))?", re.I
)

type Check = Callable[[str], bool]


def _within(low: int, high: int) -> Check:
    def check(value: str) -> bool:
        # A number of over 20 digits is out of any range, and slow to parse.
        return (
            _INTEGER.fullmatch(value) is not None
            and len(value) <= 20
            and low <= int(value) <= high
        )

    return check


_INT64 = -(2**63), 2**63 - 1
_PLAIN: dict[str, Check] = {
    "int": _within(-(2**31), 2**31 - 1),
    "long": _within(*_INT64),
    "alpha": lambda value: _ALPHA.fullmatch(value) is not None,
    "bool": lambda value: value.lower() in ("true", "false"),
    "guid": lambda value: _GUID.fullmatch(value) is not None,
    "decimal": lambda value: _DECIMAL.fullmatch(value) is not None,
    "double": lambda value: _NUMBER.fullmatch(value) is not None,
    "float": lambda value: _NUMBER.fullmatch(value) is not None,
}
_ONE_NUMBER: dict[str, Callable[[int], Check]] = {
    "length": lambda n: lambda value: len(value) == n,
    "minlength": lambda n: lambda value: len(value) >= n,
    "maxlength": lambda n: lambda value: len(value) <= n,
    "min": lambda n: _within(n, _INT64[1]),
    "max": lambda n: _within(_INT64[0], n),
}
_TWO_NUMBERS: dict[str, Callable[[int, int], Check]] = {
    "length": lambda low, high: lambda value: low <= len(value) <= high,
    "range": _within,
}


def constraint(text: str) -> Check:
    """The check that *text*, such as `int` or `length(2,8)`, stands for."""
    found = _CONSTRAINT.fullmatch(text.strip())
    kind = found["kind"].lower() if found else ""
    arguments = found["arguments"] if found else None
    if arguments is None and kind in _PLAIN:
        return _PLAIN[kind]
    match (arguments or "").split(","):
        case [n] if kind in _ONE_NUMBER and _INTEGER.fullmatch(n.strip()):
            return _ONE_NUMBER[kind](int(n))
        case [low, high] if kind in _TWO_NUMBERS and all(
            _INTEGER.fullmatch(n.strip()) for n in (low, high)
        ):
            return _TWO_NUMBERS[kind](int(low), int(high))
    known = [*_PLAIN, *(f"{k}(n)" for k in _ONE_NUMBER)]
    known += [f"{k}(n,m)" for k in _TWO_NUMBERS]
    raise StartError(
        f"unsupported route constraint {text!r}, expected one of {', '.join(known)}"
    )


@dataclass(frozen=True, slots=True)
class _Segment:
    """What stands between two slashes of a template."""

    pattern: re.Pattern[str]
    checks: tuple[tuple[str, Check], ...] = ()
    names: tuple[str, ...] = ()
    optional: bool = False
    catch_all: bool = False

    @property
    def precedence(self) -> int:
        if not self.names:
            return 1
        constrained = bool(self.checks) or self.pattern.pattern != "(.+)"
        return (4 if self.catch_all else 2) + (not constrained)

    def match(self, text: str) -> dict[str, str] | None:
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        values = dict(zip(self.names, found.groups(), strict=True))
        if all(check(values[name]) for name, check in self.checks):
            return values
        return None


def _segment(text: str) -> _Segment:
    literals_and_parameters = re.split(r"\{([^{}]*)\}", text)
    literals = literals_and_parameters[::2]
    parameters = literals_and_parameters[1::2]
    if any(set("{}?") & set(literal) for literal in literals):
        raise StartError(f"cannot read {text!r}")
    if "" in literals[1:-1]:
        raise StartError(f"{text!r} needs something between its parameters")
    pattern, checks, names = re.escape(literals[0]), [], []
    optional = catch_all = False
    for parameter, literal in zip(parameters, literals[1:], strict=True):
        found = _PARAMETER.fullmatch(parameter)
        if found is None:
            raise StartError(f"cannot read {{{parameter}}}")
        optional, catch_all = bool(found["optional"]), bool(found["catch_all"])
        if (optional or catch_all) and literals != ["", ""]:
            raise StartError(f"{{{parameter}}} must be a whole segment")
        names.append(found["name"])
        for one in filter(None, found["constraints"].split(":")):
            checks.append((found["name"], constraint(one)))
        pattern += f"(.+){re.escape(literal)}"
    return _Segment(
        re.compile(pattern, re.IGNORECASE | re.DOTALL),
        tuple(checks),
        tuple(names),
        optional=optional,
        catch_all=catch_all,
    )


class Template:
    """One route, such as `chat/{dialect:alpha}` or `files/{*path}`."""

    def __init__(self, text: str) -> None:
        self.text = text.strip("/")
        try:
            self._segments = [_segment(part) for part in self.text.split("/") if part]
            self._check()
        except StartError as exc:
            raise StartError(f"route {text!r}: {exc}") from exc
        self.precedence = [segment.precedence for segment in self._segments]

    def _check(self) -> None:
        names = [n.lower() for segment in self._segments for n in segment.names]
        if len(names) != len(set(names)):
            raise StartError("a parameter appears twice")
        if any(s.catch_all or s.optional for s in self._segments[:-1]):
            raise StartError("only the last segment may be optional or a catch-all")

    def match(self, path: list[str]) -> dict[str, str] | None:
        """The parameters' values where *path* matches; absent ones are left out."""
        last = self._segments[-1] if self._segments else None
        if len(path) > len(self._segments) and not (last and last.catch_all):
            return None
        values: dict[str, str] = {}
        for index, segment in enumerate(self._segments):
            rest = path[index:]
            text = "/".join(rest) if segment.catch_all else "".join(rest[:1])
            if not text and (segment.catch_all or (segment.optional and not rest)):
                return values
            found = segment.match(text)
            if found is None:
                return None
            values |= found
        return values


@dataclass(frozen=True, slots=True)
class Route[T]:
    """No `methods` means any."""

    template: Template
    methods: frozenset[str]
    endpoint: T


class Routes[T]:
    """Every route, the most specific first, else in the order given."""

    def __init__(self, routes: Iterable[Route[T]]) -> None:
        self._routes = sorted(routes, key=lambda route: route.template.precedence)

    def match(self, method: str, raw_path: bytes) -> tuple[T, dict[str, str]] | None:
        """Whose request this is; *raw_path* is still percent-encoded."""
        path = split(raw_path)
        for route in self._routes:
            if route.methods and method not in route.methods:
                continue
            values = route.template.match(path)
            if values is not None:
                return route.endpoint, values
        return None


def split(raw_path: bytes) -> list[str]:
    """The decoded segments of a path; one trailing slash means nothing."""
    path = raw_path.decode("latin-1").removeprefix("/").removesuffix("/")
    return [unquote(segment) for segment in path.split("/")] if path else []
