"""A module's file name is its public name: `chains/docs.py` is the chain `docs`."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

_FILE = re.compile(r"[A-Za-z0-9_]+(\.py)?")


@cache
def names(package: ModuleType) -> tuple[str, ...]:
    """The public names in *package*, sorted; `ui_message.py` is `ui-message`.

    Modules whose name begins with an underscore are private to the package.
    """
    modules = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(
        sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))
    )


def load(package: ModuleType, name: str) -> ModuleType:
    """Import the module that *package* has under the public *name*.

    Raises `LookupError` for a name that `names(package)` does not have.
    """
    if name not in names(package):
        raise LookupError(name)
    return import_module(f"{package.__name__}.{name.replace('-', '_')}")


def source(package: ModuleType, name: str) -> Path:
    """The file of the module *name*; a package is its `__init__.py`."""
    module = Path(package.__path__[0], name.replace("-", "_"))
    folder = module / "__init__.py"
    return folder if folder.is_file() else module.with_suffix(".py")


def summary(package: ModuleType, name: str) -> str | None:
    """The first line of the module's docstring, without importing the module.

    `None` if its file is not Python that can be read.
    """
    tree = _tree(package, name)
    return None if tree is None else (ast.get_docstring(tree) or "").partition("\n")[0]


def needs(package: ModuleType, name: str) -> tuple[str, ...]:
    """What the module's constant `NEEDS` names, without importing the module.

    Empty if it has none, or if that is neither a tuple nor a list.
    """
    tree = _tree(package, name)
    for node in tree.body if tree else ():
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="NEEDS")], value=value)
                | ast.AnnAssign(target=ast.Name(id="NEEDS"), value=value)
            ) if isinstance(value, ast.Tuple | ast.List):
                each = [
                    part.value for part in value.elts if isinstance(part, ast.Constant)
                ]
                return tuple(name for name in each if isinstance(name, str))
    return ()


def _tree(package: ModuleType, name: str) -> ast.Module | None:
    return parsed(source(package, name))


def parsed(file: Path) -> ast.Module | None:
    """*file* as Python reads it; `None` if it cannot be read."""
    try:
        # Python itself finds out the encoding.
        return ast.parse(file.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def misnamed(folder: Path) -> Iterator[str]:
    """Why a module in *folder* could never be loaded: its name, and the reason."""
    for path in sorted(folder.iterdir()):
        is_package = (path / "__init__.py").is_file()
        is_module = path.suffix.lower() == ".py" and path.is_file()
        if path.name.startswith((".", "_")) or not (is_package or is_module):
            continue
        if not _FILE.fullmatch(path.name):
            ending = "" if is_package else ", and ends in .py"
            yield f"{path.name!a}: a name has only letters, digits and _{ending}"
        elif is_module and (path.with_suffix("") / "__init__.py").is_file():
            yield f"{path.name!a}: it is beside {path.stem}/, which is loaded instead"
