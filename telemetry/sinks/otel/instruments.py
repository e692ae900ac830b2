"""Instruments of a meter: what is recorded with each run, and what is looked at."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from telemetry.readings import Readings
from telemetry.sinks.otel import names
from telemetry.sinks.otel.attributes import Attributes, attributes, server

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

Recorder = Callable[[float, Attributes], None]
Observed = Iterable[tuple[float, Attributes]]


def recorders(meter: "Meter") -> dict[str, Recorder]:
    """By its instrument's name, what takes a measurement."""
    made: dict[str, Recorder] = {}
    for each in names.HISTOGRAMS:
        made[each.name] = meter.create_histogram(
            each.name,
            each.unit,
            each.description,
            explicit_bucket_boundaries_advisory=each.buckets,
        ).record
    for each in names.COUNTERS:
        made[each.name] = meter.create_counter(
            each.name, each.unit, each.description
        ).add
    return made


def observe(meter: "Meter", readings: Callable[[], Readings | None]) -> None:
    """Have *meter* look at *readings*, once there are any, before each export."""
    looks: dict[names.Instrument, Callable[[Readings], Observed]] = {
        names.OPEN_STREAMS: lambda found: [(found.open_streams(), {})],
        names.RESTING: _resting,
        names.BACKLOG: lambda found: [
            (size, {names.SINK: sink}) for sink, size in found.backlog().items()
        ],
        names.LAG: _lag,
    }
    for each, look in looks.items():
        meter.create_observable_gauge(
            each.name, [_callback(look, readings)], each.unit, each.description
        )


def _callback(
    look: Callable[[Readings], Observed], readings: Callable[[], Readings | None]
) -> "Callable[[CallbackOptions], Iterator[Observation]]":
    def observed(_: "CallbackOptions") -> "Iterator[Observation]":
        from opentelemetry.metrics import Observation

        if (found := readings()) is not None:
            for value, of in look(found):
                yield Observation(value, of)

    return observed


def _resting(found: Readings) -> Observed:
    for (address, deployment), seconds in found.resting().items():
        host, port = server(address)
        where = {names.SERVER: host, names.PORT: port}
        yield seconds, attributes({names.REQUEST_MODEL: deployment, **where})


def _lag(found: Readings) -> Observed:
    if (late := found.lag()) is not None:
        yield late, {}
