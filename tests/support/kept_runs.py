"""`KeptRuns`: what runs were recorded, without a journal or a sink."""

from runs import Run
from runs.recording import Recording
from telemetry import Telemetry
from tests.support.recorded_runs import RecordedRuns


class KeptRuns(Telemetry):
    """Keeps the runs themselves, and no record of them."""

    def __init__(self) -> None:
        self.runs = RecordedRuns()

    def emit(self, run: Run) -> Recording:
        return self.runs.emit(run)
