"""One JSON line per run in the log, without prompt and answer."""

import logging
from collections.abc import Sequence

from settings import Settings
from telemetry import records
from telemetry.records import Record
from telemetry.sinks import Sink

log = logging.getLogger("telemetry")


class LogSink(Sink):
    """Writes each run to the logger `telemetry`, which Azure sends on.

    Not queued, as Azure's host drops messages that are logged between invocations.
    """

    queued = False

    def emit(self, records_: Sequence[Record]) -> None:
        for record in records_:
            logged = {
                name: value
                for name, value in records.published(record).items()
                if name not in records.CONTENT
            }
            log.info("%s", records.dumps(logged).decode())


def build(settings: Settings) -> LogSink:
    return LogSink()
