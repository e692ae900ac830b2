"""Whether what a Bicep file writes is what Microsoft's schemas of its types know."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tests.infra.bicep import Declaration, literal, properties, text_of

EXTRACT = Path(__file__).with_name("resource_types.json")

OF_BICEP = {"parent", "scope", "dependsOn"}
OF_TEMPLATES = {"apiVersion", "type", "resources"}
"""What the schemas require of JSON templates, and Bicep writes by itself."""

Shape = Any  # of an extract of JSON
Problems = Iterator[str]


@cache
def extract() -> Mapping[str, Any]:
    content: dict[str, Any] = json.loads(EXTRACT.read_text("utf-8"))
    return content


def problems(declaration: Declaration) -> list[str]:
    """What is wrong with *declaration*, each with its line."""
    if declaration.existing:
        return []
    name = f"{declaration.kind}@{declaration.version}"
    shape = extract()["content"]["types"].get(name)
    if shape is None:
        return [f"{name} is not in the extract: run tests.infra.extract_types"]
    return list(_of_object(declaration.body, shape, declaration.name, top=True))


def _resolved(shape: Shape) -> Shape:
    while isinstance(shape, str) and shape != "*":
        shape = extract()["content"]["definitions"][shape.removeprefix("#")]
    return shape


def _of_value(node: Node, shape: Shape, path: str) -> Problems:
    shape, line = _resolved(shape), node.start_point[0] + 1
    if isinstance(shape, list):
        value = literal(node)
        if value is not None and value not in shape:
            yield f"{line}: {path} is {value!r}, expected one of {shape}"
    elif shape == "*":
        return
    elif node.type == "object":
        yield from _of_object(node, shape, path)
    elif node.type == "array" and "items" in shape:
        for each in node.named_children:
            yield from _of_value(each, shape["items"], f"{path}[]")


def _of_object(node: Node, shape: Shape, path: str, *, top: bool = False) -> Problems:
    shape = _resolved(shape)
    if isinstance(shape, dict) and "one_of" in shape:
        yield from _of_alternatives(node, shape["one_of"], path, top=top)
        return
    if not isinstance(shape, dict) or "properties" not in shape:
        return
    known, given = shape["properties"], dict(properties(node))
    line = node.start_point[0] + 1
    missing = set(shape["required"]) - given.keys() - OF_TEMPLATES
    if top and _may_be_empty(known.get("properties", "*")):
        missing.discard("properties")
    yield from (f"{line}: {path} has no {name}" for name in sorted(missing))
    for name, value in given.items():
        if name in known:
            yield from _of_value(value, known[name], f"{path}.{name}")
        elif not (top and name in OF_BICEP) and "${" not in name:
            line = value.start_point[0] + 1
            yield f"{line}: {path}.{name} is not known: {text_of(value)[:40]}"


def _may_be_empty(shape: Shape) -> bool:
    shape = _resolved(shape)
    return shape == "*" or not shape.get("required", True)


def _of_alternatives(
    node: Node, shapes: list[Shape], path: str, *, top: bool
) -> Problems:
    """The problems of the alternative that fits best."""
    found = [list(_of_object(node, shape, path, top=top)) for shape in shapes]
    yield from min(found, key=len)
