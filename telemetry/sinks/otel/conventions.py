"""A record as spans and measurements of OpenTelemetry's GenAI conventions."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from telemetry.records import CallRecord, Record, UsageRecord
from telemetry.sinks.otel import names
from telemetry.sinks.otel.attributes import (
    MOST,
    Attributes,
    Measurement,
    PossibleAttributes,
    attributes,
    server,
    text,
)
from telemetry.sinks.otel.counters import counted


@dataclass(frozen=True, slots=True)
class SpanDescription:
    """A span that is to be made; times are nanoseconds since 1970.

    `failed`: its status is an error, which a caller's leaving is not.
    """

    name: str
    start: int
    end: int
    attributes: Attributes
    failed: bool


class Described:
    """The spans and measurements of *record*.

    They hold neither prompt nor answer, and measurements no principal but one of
    *keys*. Everything is computed here, so that a record
    which is not one raises, whatever exception, before any of it is sent.
    """

    def __init__(self, record: Record, keys: Collection[str] = ()) -> None:
        self._record, self._keys = record, keys
        begun = datetime.fromisoformat(record["timestamp"]) - datetime(
            1970, 1, 1, tzinfo=UTC
        )
        self._begun = (begun.days * 86_400 + begun.seconds) * 10**9
        self._begun += begun.microseconds * 1000
        self._calls = record["calls"]
        ends = [call["ended_ms"] or 0 for call in self._calls]
        # A run's own time is in whole milliseconds.
        self._ended_ms = max([record["latency_ms"], *ends])
        self.id = UUID(record["id"])
        self.traceparent = text(record["traceparent"] or "")
        """The caller's span, if it sent one."""
        self.run = self._span_of_run()
        self.calls = list(self._spans_of_calls())
        self.measurements = list(self._measure())

    def _span_of_run(self) -> SpanDescription:
        record, name = self._record, self._record["chain"]
        possible: PossibleAttributes = {
            names.RUN: record["id"],
            names.REQUEST: record["request_id"],
            names.INVOCATION: record["invocation_id"],
            names.STATUS: record["status"],
            names.DIALECT: record["dialect"],
            names.REGION: record["region"],
            names.CALLER: record["principal"],
            names.END_USER: record.get("end_user"),
            names.CONVERSATION: record.get("thread_id"),
            names.FIRST_TOKEN: _seconds(record["time_to_first_chunk_ms"]),
        }
        return SpanDescription(
            text(f"{names.INVOKE} {name}") if name else names.INVOKE,
            self._begun,
            self._at(self._ended_ms),
            {**self._workflow, **attributes(possible)},
            failed=record["error"] is not None,
        )

    def _spans_of_calls(self) -> Iterator[SpanDescription]:
        for call in self._calls:
            common, reason = self._common(call), call["finish_reason"]
            possible: PossibleAttributes = {
                names.STREAM: True if call["chunks"] else None,
                names.FINISH_REASONS: [reason] if reason else None,
                names.FIRST_CHUNK: _first_chunk(call),
                names.REGION: call["region"],
                **{
                    names.PARAMETERS[name]: value
                    for name, value in call["parameters"].items()
                    if (name, value) != ("n", 1)
                },
                **_used(call["usage"]),
            }
            yield SpanDescription(
                text(f"{call['operation']} {call['deployment']}"),
                self._at(call["started_ms"]),
                self._at(self._ended(call)),
                {**common, **attributes(possible)},
                failed=common.get(names.ERROR, names.CANCELLED) != names.CANCELLED,
            )

    def _measure(self) -> Iterator[Measurement]:
        for instrument, value, of in self._measured():
            if not 0 <= value <= MOST:  # It would spoil the sum for ever.
                raise ValueError("not to be measured")
            yield instrument, value, of

    def _measured(self) -> Iterator[Measurement]:
        """All measurements, also those that no metric can take.

        The conventions measure the gap before each chunk; a record has no list of
        these, so their mean is measured once a call. Estimated tokens are left out, as
        the conventions count only the provider's.
        """
        for call in self._calls:
            common = self._common(call)
            taken = self._ended(call) - call["started_ms"]
            yield names.DURATION, taken / 1000, common
            of = {name: value for name, value in common.items() if name != names.ERROR}
            if (first := _first_chunk(call)) is not None:
                yield names.TIME_TO_FIRST_CHUNK, first, of
            if (mean := _mean_gap(call)) is not None:
                yield names.TIME_PER_CHUNK, mean, of
            usage = call["usage"]
            for kind, used in (
                ("input", usage["prompt_tokens"]),
                ("output", usage["completion_tokens"]),
            ):
                if used and not usage["estimated"]:
                    yield names.TOKENS, used, {**of, names.TOKEN_TYPE: kind}
        yield names.WORKFLOW_DURATION, self._ended_ms / 1000, self._workflow
        seen = _seconds(self._record["time_to_first_chunk_ms"])
        if seen is not None:
            yield names.TIME_TO_FIRST_TOKEN, seen, self._workflow
        yield from counted(self._record, self._keys, error=self._error)

    @property
    def _workflow(self) -> Attributes:
        possible: PossibleAttributes = {
            names.OPERATION: names.INVOKE,
            names.WORKFLOW: self._record["chain"],
            names.ERROR: self._error,
        }
        return attributes(possible)

    def _common(self, call: CallRecord) -> Attributes:
        """The attributes of both a call's span and its measurements: few series."""
        provider = call["provider"]
        host, port = server(call["backend"])
        return attributes(
            {
                names.OPERATION: call["operation"],
                names.PROVIDER: names.PROVIDERS.get(
                    provider or "", provider or "unknown"
                ),
                names.REQUEST_MODEL: call["deployment"],
                # Before the answer names its model, this is only the requested one.
                names.RESPONSE_MODEL: call["model"] if call["finish_reason"] else None,
                names.SERVER: host,
                names.PORT: port,
                names.ERROR: self._error_of(call),
            }
        )

    @property
    def _error(self) -> str | None:
        if self._record["error"] is not None:
            return str(self._record["error"]["code"])
        return names.CANCELLED if self._record["status"] == names.CANCELLED else None

    def _error_of(self, call: CallRecord) -> str | None:
        """The call's error; the run's, if the call's failure ended the run."""
        failed = call["error"]
        if call["finish_reason"] and not failed:
            return None
        if failed in names.LEFT:
            failed = names.CANCELLED
        ended = call is self._calls[-1] or failed in (None, names.CANCELLED)
        return self._error if ended and self._error else failed

    def _ended(self, call: CallRecord) -> float:
        return float(self._ended_ms if call["ended_ms"] is None else call["ended_ms"])

    def _at(self, milliseconds: float) -> int:
        at = self._begun + round(milliseconds * 10**6)
        if not 0 <= at <= MOST:
            raise ValueError("not a time")
        return at


def _first_chunk(call: CallRecord) -> float | None:
    first = call["first_chunk_ms"]
    return None if first is None else (first - call["started_ms"]) / 1000


def _mean_gap(call: CallRecord) -> float | None:
    """Seconds between two chunks of the call, if it has two."""
    first, last = call["first_chunk_ms"], call["last_chunk_ms"]
    if call["chunks"] < 2 or first is None or last is None:
        return None
    return (last - first) / (call["chunks"] - 1) / 1000


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _used(usage: UsageRecord) -> PossibleAttributes:
    if not usage["total_tokens"]:  # It failed before there was any.
        return {}
    return {
        names.INPUT_TOKENS: usage["prompt_tokens"],
        names.OUTPUT_TOKENS: usage["completion_tokens"],
        names.CACHED_TOKENS: usage["cached_tokens"],
        names.REASONING_TOKENS: usage["reasoning_tokens"],
        names.ESTIMATED: usage["estimated"] or None,
    }
