"""What `func start` reads: host.json, local.settings.json and the environment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from devhost.cors import Cors
from devhost.errors import StartError

_DEFAULT_PORT = 7071

type _Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class HostConfig:
    app_dir: Path
    port: int
    route_prefix: str
    cors: Cors
    function_key: str | None = field(repr=False)
    settings: Mapping[str, str] = field(repr=False)
    """Settings that the app's environment lacks."""


def load(app_dir: Path, environ: Mapping[str, str]) -> HostConfig:
    """Read the configuration of the app in *app_dir*; *environ* wins over its files."""
    if not app_dir.is_dir():
        raise StartError(f"{app_dir} is not a folder.")
    host_json = _read(app_dir / "host.json")
    local_settings = _read(app_dir / "local.settings.json")
    if _flag(local_settings, "IsEncrypted"):
        raise StartError(
            "local.settings.json is encrypted: run `func settings decrypt` first."
        )
    host = _object(local_settings, "Host", file="local.settings.json")
    settings = {
        name: value
        for name, value in _values(local_settings).items()
        if name not in environ
    }
    merged = {**settings, **environ}
    function_key = merged.get("FUNCTIONS_KEY") or None
    if function_key is None and not merged.get("AZURE_FUNCTIONS_ENVIRONMENT"):
        settings["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development"
    return HostConfig(
        app_dir=app_dir,
        port=_port(merged.get("PORT"), host.get("LocalHttpPort")),
        route_prefix=_route_prefix(host_json),
        cors=_cors(host),
        function_key=function_key,
        settings=settings,
    )


def _read(path: Path) -> _Json:
    try:
        # Editors on Windows put a byte order mark in front.
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as exc:
        raise StartError(
            f"{path.name}:{exc.lineno}: not valid JSON: {exc.msg}"
        ) from exc
    except (OSError, ValueError) as exc:
        raise StartError(f"{path.name} cannot be read: {exc}") from exc
    if not isinstance(content, dict):
        raise StartError(f"{path.name} must hold a JSON object.")
    return content


def _object(parent: _Json, name: str, *, file: str) -> _Json:
    value = parent.get(name, {})
    if not isinstance(value, dict):
        raise StartError(f"{file}: {name!r} must be a JSON object.")
    return value


def _route_prefix(host_json: _Json) -> str:
    extensions = _object(host_json, "extensions", file="host.json")
    http = _object(extensions, "http", file="host.json")
    prefix = http.get("routePrefix", "api")
    if not isinstance(prefix, str):
        raise StartError(
            f"host.json: 'routePrefix' must be a string, not {json.dumps(prefix)}."
        )
    return prefix.strip("/")


def _values(local_settings: _Json) -> dict[str, str]:
    settings = {}
    for name, value in _object(
        local_settings, "Values", file="local.settings.json"
    ).items():
        if isinstance(value, bool):
            value = str(value).lower()
        # The message leaves the value out: it may be a secret.
        if not isinstance(value, str | int | float):
            raise StartError(
                f"local.settings.json: the value of {name!r} must be a string."
            )
        if not name or "=" in name or "\0" in f"{name}{value}":
            raise StartError(
                f"local.settings.json: {name!r} cannot be an environment variable."
            )
        settings[name] = str(value)
    return settings


def _port(variable: str | None, local: object) -> int:
    if variable:
        return _checked_port("PORT", variable)
    if local is not None:
        return _checked_port("local.settings.json: 'LocalHttpPort'", local)
    return _DEFAULT_PORT


def _checked_port(name: str, value: object) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise StartError(f"{name} must be a number from 0 to 65535, not {value!r}.")
    return int(text)


def _cors(host: _Json) -> Cors:
    credentials = _flag(host, "CORSCredentials")
    listed = host.get("CORS")
    if listed is not None and not isinstance(listed, str):
        raise StartError(
            "local.settings.json: 'CORS' must be a string of comma-separated origins."
        )
    origins = frozenset(
        origin.strip().rstrip("/").lower()
        for origin in (listed or "").split(",")
        if origin.strip()
    )
    if not origins:
        return Cors(credentials=credentials)
    if "*" in origins and credentials:
        raise StartError(
            "local.settings.json: 'CORSCredentials' needs origins by name, not '*'."
        )
    for origin in origins - {"*"}:
        _check_origin(origin)
    return Cors(origins, credentials)


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if not parts.scheme or not parts.netloc or parts.path or parts.query:
        raise StartError(
            f"local.settings.json: 'CORS' holds {origin!r}, "
            "expected an origin such as http://localhost:5173, or *."
        )


def _flag(parent: _Json, name: str) -> bool:
    value = parent.get(name, False)
    if isinstance(value, str):
        value = {"true": True, "false": False, "": False}.get(value.lower(), value)
    if not isinstance(value, bool):
        raise StartError(
            f"local.settings.json: {name!r} must be true or false, not {value!r}."
        )
    return value
