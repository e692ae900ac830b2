"""One JSON line per run in the log, without prompt and answer."""

import logging
import re
from collections.abc import Sequence

from settings import Settings
from telemetry import records
from telemetry.records import Record
from telemetry.sinks import Sink

log = logging.getLogger("telemetry")

_ID = re.compile(r"[!-~]{1,128}")
"""An end user's id. OpenAI's field for it is `user`, which elsewhere is the question: a
caller who confuses the two has it refused, but not logged."""


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
            if not _ID.fullmatch(record["end_user"] or ""):
                logged["end_user"] = None
            log.info("%s", records.dumps(logged).decode())


def build(settings: Settings) -> LogSink:
    return LogSink()
