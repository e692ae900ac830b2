"""Bicep files as trees: what they declare, and what is wrong with their syntax."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tests.support.app_process import ROOT

FILES = sorted((ROOT / "infra").glob("*.bicep"))

_PARSER = Parser(Language(tree_sitter_bicep.language()))


@dataclass(frozen=True, slots=True)
class Declaration:
    """A resource: its full type and version, and the object that describes it."""

    name: str
    kind: str
    version: str
    existing: bool
    body: Node
    nested: bool


def parse(text: str) -> Node:
    return _PARSER.parse(text.encode()).root_node


def text_of(node: Node) -> str:
    return (node.text or b"").decode()


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def syntax_errors(text: str) -> list[str]:
    return [
        f"{node.start_point[0] + 1}: {text_of(node)[:60]!r}"
        for node in walk(parse(text))
        if node.type == "ERROR" or node.is_missing
    ]


def declarations(path: Path) -> list[Declaration]:
    return list(declared(parse(path.read_text("utf-8"))))


def declared(
    node: Node, within: tuple[str, str] | None = None
) -> Iterator[Declaration]:
    """The resources in *node*; a nested one has the parent's type and version."""
    for child in node.named_children:
        if child.type != "resource_declaration":
            if child.type in ("object", "object_property", "decorators"):
                yield from declared(child, within)
            continue
        [named] = [text_of(each) for each in child.named_children[:2] if _named(each)]
        identifier = text_of(child.named_children[0])
        kind, _, version = named.strip("'").partition("@")
        if within:
            kind, version = f"{within[0]}/{kind}", version or within[1]
        existing = any(text_of(each) == "existing" for each in child.children)
        body = _object(child)
        assert body is not None, identifier
        yield Declaration(identifier, kind, version, existing, body, bool(within))
        yield from declared(body, (kind, version))


def _named(node: Node) -> bool:
    return node.type == "string"


def _object(node: Node) -> Node | None:
    """The object of a declaration, past its `if` and `for`."""
    for child in node.named_children[1:] if node.type != "object" else []:
        if child.type == "object":
            return child
        if child.type not in ("string", "identifier"):
            found = _object_within(child)
            if found is not None:
                return found
    return None


def _object_within(node: Node) -> Node | None:
    return next((each for each in walk(node) if each.type == "object"), None)


def properties(node: Node) -> Iterator[tuple[str, Node]]:
    """The properties of an object, without nested resources."""
    for child in node.named_children:
        if child.type != "object_property":
            continue
        key, value = child.named_children[0], child.named_children[-1]
        if key.type != "resource_declaration":
            yield text_of(key).strip("'"), value


def literal(node: Node) -> str | None:
    """The text of a string in which nothing is replaced."""
    text = text_of(node)
    return text.strip("'") if node.type == "string" and "${" not in text else None
