"""A module's file name is its public name: `chains/docs.py` is the chain `docs`."""

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType


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
