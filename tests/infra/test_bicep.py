"""Bicep is written as its grammar and Microsoft's schemas of the types say.

What no compiler has seen: expressions, scopes, the types of parameters.
"""

import hashlib
import json
import re
from pathlib import Path

import pytest
from tree_sitter import Node

from tests.infra import types
from tests.infra.bicep import (
    FILES,
    declarations,
    declared,
    parse,
    properties,
    syntax_errors,
    text_of,
    walk,
)
from tests.support.app_process import ROOT

BUILT_IN = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Azure Event Hubs Data Sender": "2b629674-e913-4c01-ae53-ef4638d8f975",
    "Cognitive Services OpenAI User": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
}
"""See: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles"""

TEXTS = {path: path.read_text("utf-8") for path in FILES}


def named(path: Path) -> str:
    return path.name


def faults(text: str) -> list[str]:
    return [
        problem for each in declared(parse(text)) for problem in types.problems(each)
    ]


def declared_names(path: Path, kind: str) -> set[str]:
    pattern = rf"^{kind} (\w+)"
    return set(re.findall(pattern, TEXTS[path], re.MULTILINE))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_syntax_is_bicep(path: Path) -> None:
    assert syntax_errors(TEXTS[path]) == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_resource_has_what_its_type_asks_and_nothing_else(path: Path) -> None:
    assert faults(TEXTS[path]) == []


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ("allowSharedKeyAccess", "allowSharedKeyAcess", "is not known"),
        ("'TLS1_2'", "'TLS12'", "is 'TLS12'"),
        ("Application_Type: 'web', ", "", "has no Application_Type"),
        ("minimumTlsVersion: '1.2'", "minimumTlsVersion: '1,2'", "is '1,2'"),
        ("addressPrefixes", "addressPrefix", "is not known"),
        ("service: 'Microsoft.Storage'", "serves: 'x'", "is not known"),
        ("storageAccounts@2025-01-01", "storageAccounts@2035-01-01", "extract"),
        ("port: 10000", "prot: 10000", "is not known"),
    ],
)
def test_a_mistake_is_found(right: str, wrong: str, found: str) -> None:
    text = (ROOT / "infra/base.bicep").read_text("utf-8")
    assert right in text
    assert found in " ".join(faults(text.replace(right, wrong)))


def test_a_syntax_error_is_found() -> None:
    text = (ROOT / "infra/base.bicep").read_text("utf-8")
    assert syntax_errors(text.replace("properties: {", "properties {", 1))


def test_the_extract_is_as_it_was_made() -> None:
    extract = types.extract()
    text = json.dumps(extract["content"], sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == extract["sha256"]


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_is_declared_is_used(path: Path) -> None:
    for kind in ("param", "var"):
        for name in declared_names(path, kind):
            assert len(re.findall(rf"\b{name}\b", TEXTS[path])) > 1, name


@pytest.mark.parametrize("path", FILES, ids=named)
def test_every_module_gets_its_parameters(path: Path) -> None:
    for node in walk(parse(TEXTS[path])):
        if node.type != "module_declaration":
            continue
        file = ROOT / "infra" / re.findall(r"'(\w+\.bicep)'", text_of(node))[0]
        body = next(each for each in walk(node) if each.type == "object")
        given = {name for name, _ in properties(dict(properties(body))["params"])}
        assert given == declared_names(file, "param")
        outputs = set(re.findall(rf"\b{name_of(node)}!?\.outputs\.(\w+)", TEXTS[path]))
        assert outputs <= declared_names(file, "output")


def name_of(node: Node) -> str:
    return text_of(node.named_children[0])


def test_every_parameter_comes_from_the_environment_of_azd() -> None:
    file = json.loads((ROOT / "infra/main.parameters.json").read_text("utf-8"))
    declared = declared_names(ROOT / "infra/main.bicep", "param")
    assert declared - file["parameters"].keys() == {"openAiLocation"} & declared
    assert file["parameters"].keys() <= declared
    for value in file["parameters"].values():
        assert re.fullmatch(r"\$\{[A-Z_]+(=[^}]+)?\}", value["value"])


def test_roles_are_built_in_ones_and_no_others() -> None:
    text = "\n".join(TEXTS.values())
    pairs = re.findall(r"'?([\w ]+)'?: '([0-9a-f]{8}-[0-9a-f-]{27})'", text)
    assert {name.strip(): identifier for name, identifier in pairs} == BUILT_IN
    identifiers = re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", text)
    assert sorted(identifiers) == sorted(BUILT_IN.values())


def test_no_key_works_and_none_is_read() -> None:
    text = "\n".join(TEXTS.values())
    assert not re.search(r"listKeys|listCredentials|AccountKey|@secure", text)
    bodies = {
        each.kind: text_of(each.body)
        for path in FILES
        for each in declarations(path)
        if not each.existing
    }
    for kind, setting in {
        "Microsoft.Storage/storageAccounts": "allowSharedKeyAccess: false",
        "Microsoft.EventHub/namespaces": "disableLocalAuth: true",
        "Microsoft.CognitiveServices/accounts": "disableLocalAuth: true",
        "Microsoft.Insights/components": "DisableLocalAuth: true",
        "Microsoft.ContainerRegistry/registries": "adminUserEnabled: false",
        "Microsoft.Cache/redisEnterprise/databases": (
            "accessKeysAuthentication: 'Disabled'"
        ),
    }.items():
        assert setting in bodies[kind], kind
