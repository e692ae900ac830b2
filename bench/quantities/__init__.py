"""Each quantity: a module that measures it, with the rows of the table it fills."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Row
from bench.quantities import (
    burst,
    carried,
    cost,
    health,
    memory,
    paced,
    single,
    start,
    stores,
    wires,
)
from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Quantity:
    """What `ONLY` may name."""

    rows: Sequence[Row]
    measure: Callable[[Stage], None]
    measured: Collection[str] | None
    """The names of those that it is of, or all."""


# In this order: the last ones start servers anew, which others should not wait for.
QUANTITIES: Mapping[str, Quantity] = {
    module.__name__.rpartition(".")[2]: Quantity(
        module.ROWS, module.measure, getattr(module, "MEASURED", None)
    )
    for module in (
        cost,
        wires,
        paced,
        single,
        burst,
        carried,
        health,
        start,
        memory,
        stores,
    )
}
