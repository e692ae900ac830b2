"""Where finished runs go: one module each, with `build(settings) -> Sink | None`."""

import sys

import registry
from settings import Settings
from telemetry import Sink


def build(settings: Settings) -> list[Sink]:
    """The sinks that *settings* switch on."""
    package = sys.modules[__name__]
    built = (
        registry.load(package, name).build(settings) for name in registry.names(package)
    )
    return [sink for sink in built if sink is not None]
