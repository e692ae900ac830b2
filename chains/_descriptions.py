"""What a chain of `CHAINS` says of itself, read without importing it."""

import ast
from collections.abc import Sequence
from importlib.util import find_spec
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path

import registry


def described(target: str) -> str | None:
    """The first line of the docstring that *target*, `module:attribute`, has.

    A variable's is the text below it. Without any, it is the module's.
    """
    module, _, attribute = target.partition(":")
    trees = map(registry.parsed, _files(module))
    tree = next(filter(None, trees), None)
    if tree is None:
        return None
    said = _docstring(tree.body, attribute) or ast.get_docstring(tree) or ""
    return said.partition("\n")[0] or None


def _files(module: str) -> list[Path]:
    package, *inner = module.split(".")
    try:
        # To find what is in a package, Python would import it.
        spec = find_spec(package)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations is None:
        return [Path(spec.origin)] if spec.origin and not inner else []
    paths = [Path(place, *inner) for place in spec.submodule_search_locations]
    packages = [path / "__init__.py" for path in paths]
    return [*packages, *(path.with_suffix(".py") for path in paths)]


def _docstring(body: Sequence[ast.stmt], name: str) -> str | None:
    for node, following in pairwise([*body, ast.Pass()]):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name == name:
                    return ast.get_docstring(node)
            case (
                ast.Assign(targets=[ast.Name(id=found)])
                | ast.AnnAssign(target=ast.Name(id=found))
            ) if found == name:
                match following:
                    case ast.Expr(ast.Constant(str(text))):
                        return cleandoc(text)
    return None
