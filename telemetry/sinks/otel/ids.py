"""The ids of a run's trace and spans, which follow from the run's id."""

from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.id_generator import IdGenerator
else:
    # The SDK is imported in the sink's own thread, not at start.
    IdGenerator = object


class Ids(IdGenerator):
    """Generates the same ids for a run each time: a span sent twice is recognised.

    The id of a trace that begins here is the run's id.
    """

    def __init__(self) -> None:
        self._run, self._spans = UUID(int=0), 0

    def begin(self, run: UUID) -> None:
        self._run, self._spans = run, 0

    def generate_trace_id(self) -> int:
        return self._run.int

    def generate_span_id(self) -> int:
        self._spans += 1
        of = self._run.bytes + self._spans.to_bytes(4)
        return int.from_bytes(blake2b(of, digest_size=8).digest())

    def is_trace_id_random(self) -> bool:
        return True
