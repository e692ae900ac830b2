"""`python -m tests.soak [NAME ...]`: what takes minutes; all of it, or the parts named.

Each part is a module with a `main` that prints figures and returns an exit code.
"""

import sys
from importlib import import_module

PARTS = ("telemetry", "chaos", "fuzz", "postgres", "package", "runs", "page")


def main(names: list[str]) -> int:
    """Run the parts; 1 where one has failed."""
    failed = 0
    for name in names or PARTS:
        if name not in PARTS:
            print(f"there is no part {name!r}, expected one of {PARTS}")
            return 2
        print(f"== {name}", flush=True)
        failed |= import_module(f"tests.soak.{name}").main()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
