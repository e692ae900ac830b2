import json
from pathlib import Path

import pytest

from devhost import config
from devhost.cors import Cors
from devhost.errors import StartError


def write(app_dir: Path, name: str, content: object) -> None:
    (app_dir / name).write_text(json.dumps(content))


def test_defaults_are_those_of_func_start(tmp_path: Path) -> None:
    assert config.load(tmp_path, {}) == config.HostConfig(
        app_dir=tmp_path,
        port=7071,
        route_prefix="api",
        cors=Cors(),
        function_key=None,
        settings={"AZURE_FUNCTIONS_ENVIRONMENT": "Development"},
    )


@pytest.mark.parametrize(
    ("prefix", "expected"), [("", ""), ("v1", "v1"), ("/a/b/", "a/b")]
)
def test_route_prefix_comes_from_host_json(
    tmp_path: Path, prefix: str, expected: str
) -> None:
    write(tmp_path, "host.json", {"extensions": {"http": {"routePrefix": prefix}}})
    assert config.load(tmp_path, {}).route_prefix == expected


def test_values_are_strings_and_the_environment_wins(tmp_path: Path) -> None:
    values = {"TEXT": "a", "FLAG": True, "COUNT": 3, "TAKEN": "file"}
    write(tmp_path, "local.settings.json", {"IsEncrypted": False, "Values": values})
    environ = {"TAKEN": "", "AZURE_FUNCTIONS_ENVIRONMENT": "Staging"}
    assert config.load(tmp_path, environ).settings == {
        "TEXT": "a",
        "FLAG": "true",
        "COUNT": "3",
    }


def test_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    text = json.dumps({"Values": {"A": "é"}})
    (tmp_path / "local.settings.json").write_text(text, encoding="utf-8-sig")
    assert config.load(tmp_path, {}).settings["A"] == "é"


@pytest.mark.parametrize(
    ("environ", "local", "port"),
    [
        ({"PORT": "7099"}, 8000, 7099),
        ({"PORT": "0"}, 8000, 0),
        ({"PORT": ""}, 8000, 8000),
        ({}, 8000, 8000),
        ({}, "8000", 8000),
    ],
)
def test_port_is_the_variable_else_the_files(
    tmp_path: Path, environ: dict[str, str], local: object, port: int
) -> None:
    write(tmp_path, "local.settings.json", {"Host": {"LocalHttpPort": local}})
    assert config.load(tmp_path, environ).port == port


def test_function_key_leaves_the_environment_unnamed(tmp_path: Path) -> None:
    loaded = config.load(tmp_path, {"FUNCTIONS_KEY": "k"})
    assert (loaded.function_key, loaded.settings) == ("k", {})
    assert "'k'" not in repr(loaded)


@pytest.mark.parametrize(
    ("host", "cors"),
    [
        ({}, Cors()),
        ({"CORS": ""}, Cors()),
        ({"CORS": "*"}, Cors(frozenset({"*"}))),
        (
            {"CORS": "https://A.example/, http://b:1", "CORSCredentials": True},
            Cors(frozenset({"https://a.example", "http://b:1"}), credentials=True),
        ),
        (
            {"CORS": "http://a", "CORSCredentials": "false"},
            Cors(frozenset({"http://a"})),
        ),
    ],
)
def test_cors_comes_from_host(
    tmp_path: Path, host: dict[str, object], cors: Cors
) -> None:
    write(tmp_path, "local.settings.json", {"Host": host})
    assert config.load(tmp_path, {}).cors == cors


@pytest.mark.parametrize(
    ("cors", "origin", "allowed"),
    [
        (Cors(), b"http://localhost:5173", True),
        (Cors(), b"https://127.0.0.1", True),
        (Cors(), b"http://localhost.example", False),
        (Cors(), b"http://evil.example/?localhost", False),
        (Cors(), b"null", False),
        (Cors(frozenset({"*"})), b"null", True),
        (Cors(frozenset({"http://a"})), b"http://a", True),
        (Cors(frozenset({"http://a"})), b"http://localhost", False),
        (Cors(frozenset({"http://a"})), b"\xff", False),
    ],
)
def test_origin_is_allowed_or_not(cors: Cors, origin: bytes, allowed: bool) -> None:
    assert cors.allows(origin) is allowed


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("host.json", "{\n,}", "host.json:2: not valid JSON"),
        ("host.json", "[]", "host.json must hold a JSON object"),
        ("host.json", '{"extensions": 1}', "'extensions' must be a JSON object"),
        (
            "host.json",
            '{"extensions": {"http": {"routePrefix": null}}}',
            "'routePrefix' must be a string, not null",
        ),
        ("local.settings.json", '{"Values": []}', "'Values' must be a JSON object"),
        (
            "local.settings.json",
            '{"Values": {"A": ["s3cret"]}}',
            "the value of 'A' must be a string",
        ),
        ("local.settings.json", '{"Values": {"A": null}}', "the value of 'A'"),
        ("local.settings.json", '{"Values": {"A=B": "c"}}', "'A=B' cannot be"),
        ("local.settings.json", '{"IsEncrypted": true}', "is encrypted"),
        ("local.settings.json", '{"Host": {"CORS": []}}', "'CORS' must be a string"),
        ("local.settings.json", '{"Host": {"CORS": "a.b"}}', "'CORS' holds 'a.b'"),
        (
            "local.settings.json",
            '{"Host": {"CORS": "*", "CORSCredentials": true}}',
            "'CORSCredentials' needs origins by name",
        ),
        (
            "local.settings.json",
            '{"Host": {"CORSCredentials": 1}}',
            "'CORSCredentials' must be true or false, not 1",
        ),
        (
            "local.settings.json",
            '{"Host": {"LocalHttpPort": 70000}}',
            "'LocalHttpPort' must be a number from 0 to 65535, not 70000",
        ),
    ],
)
def test_malformed_file_is_one_clear_message(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(StartError) as caught:
        config.load(tmp_path, {})
    assert message in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_bytes(b'{"a": "\xff"}')
    with pytest.raises(StartError, match=r"host\.json cannot be read"):
        config.load(tmp_path, {})


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="nowhere is not a folder"):
        config.load(tmp_path / "nowhere", {})


@pytest.mark.parametrize("port", ["x", "-1", "65536", "7071.0", "²"])
def test_bad_port_is_named(tmp_path: Path, port: str) -> None:
    with pytest.raises(StartError) as caught:
        config.load(tmp_path, {"PORT": port})
    expected = f"PORT must be a number from 0 to 65535, not {port!r}."
    assert str(caught.value) == expected
