"""Writes resource_types.json: what Microsoft's schemas say of the types in infra/.

`python -m tests.infra.extract_types REPO` reads a clone of
https://github.com/Azure/azure-resource-manager-schemas (MIT), and is run again when a
Bicep file names another type or version.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.infra.bicep import FILES, declarations

SOURCE = "https://github.com/Azure/azure-resource-manager-schemas"
EXTRACT = Path(__file__).with_name("resource_types.json")

Json = Mapping[str, object]
Shape = object
"""`"*"` is anything, `"#name"` a definition, a list an enum; else an object's `items`,
`properties` with `required`, or `one_of`."""


class Schema:
    """One file of the schemas, and what has been taken of it."""

    def __init__(self, name: str, content: dict[str, dict[str, Json]]) -> None:
        self.name = name
        self.resources = {
            str(key): value
            for part, definitions in content.items()
            if part.lower().endswith("resourcedefinitions")
            for key, value in definitions.items()
        }
        self._definitions = content.get("definitions", {})
        self.taken: dict[str, Shape] = {}

    def shape(self, node: Json) -> Shape:
        if isinstance(reference := node.get("$ref"), str):
            return self._definition(reference)
        if alternatives := _list(node.get("oneOf")):
            shapes = [self.shape(each) for each in alternatives]
            known = [each for each in shapes if each != "*"]
            return known[0] if len(known) == 1 else {"one_of": known} if known else "*"
        if values := node.get("enum"):
            return values
        # Some types depend on their names, of which the schema knows the pattern.
        if named := re.fullmatch(r"\^\.\*/(\w+)\$", str(node.get("pattern"))):
            return [named[1]]
        if isinstance(items := node.get("items"), dict):
            return {"items": self.shape(items)}
        properties = node.get("properties")
        if not isinstance(properties, dict) or not properties:
            return "*"
        return {
            "properties": {key: self.shape(value) for key, value in properties.items()},
            "required": node.get("required", []),
        }

    def _definition(self, reference: str) -> Shape:
        if not reference.startswith("#/definitions/"):
            return "*"
        name = reference.removeprefix("#/definitions/")
        if name.endswith("childResource"):
            return "*"
        qualified = f"{self.name}#{name}"
        if qualified not in self.taken:
            self.taken[qualified] = "*"
            self.taken[qualified] = self.shape(self._definitions[name])
        return f"#{qualified}"


def _list(value: object) -> list[Json]:
    return value if isinstance(value, list) else []


def git(repository: str, *arguments: str) -> str:
    command = ["git", "-C", repository, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def find(repository: str, kind: str, version: str) -> tuple[Schema, Json]:
    provider, _, name = kind.partition("/")
    listed = git(repository, "ls-tree", "--name-only", "HEAD", f"schemas/{version}/")
    for path in listed.splitlines():
        if Path(path).name.startswith(provider):
            content = json.loads(git(repository, "show", f"HEAD:{path}"))
            schema = Schema(f"{version}/{Path(path).stem}", content)
            for key, definition in schema.resources.items():
                if key.lower() == name.replace("/", "_").lower():
                    return schema, definition
    raise SystemExit(f"{kind}@{version} is not in the schemas")


def main(repository: str) -> None:
    used = {(each.kind, each.version) for path in FILES for each in declarations(path)}
    types: dict[str, Shape] = {}
    definitions: dict[str, Shape] = {}
    for kind, version in sorted(used):
        schema, definition = find(repository, kind, version)
        types[f"{kind}@{version}"] = schema.shape(definition)
        definitions |= schema.taken
    content = {"types": types, "definitions": definitions}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    written = {
        "source": SOURCE,
        "commit": git(repository, "rev-parse", "HEAD").strip(),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "content": content,
    }
    lines = json.dumps(written, sort_keys=True, separators=(",", ":"))
    EXTRACT.write_text(lines + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
