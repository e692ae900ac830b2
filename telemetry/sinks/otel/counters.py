"""What is counted of a run: by chain, deployment, backend and key, never by user."""

from collections.abc import Collection, Iterator

from runs.attempts import ANSWERED, AttemptRecord
from telemetry.records import Record
from telemetry.sinks.otel import names
from telemetry.sinks.otel.attributes import (
    Attributes,
    Measurement,
    Value,
    attributes,
    server,
)


def counted(
    record: Record, keys: Collection[str], *, error: str | None
) -> Iterator[Measurement]:
    """A caller is named only if its principal is one of *keys*: those are few."""
    principal = record.get("principal")
    caller: dict[str, Value | None] = {
        names.WORKFLOW: record["chain"],
        names.KEY: principal if principal in keys else None,
    }

    def told(backend: str | None, deployment: str, **more: Value | None) -> Attributes:
        host, port = server(backend)
        where = {names.SERVER: host, names.PORT: port}
        return attributes({**caller, names.REQUEST_MODEL: deployment, **where, **more})

    for call in record["calls"]:
        usage = call["usage"]
        for kind, used in (
            ("input", usage["prompt_tokens"]),
            ("output", usage["completion_tokens"]),
        ):
            if used:
                of = told(call["backend"], call["deployment"])
                yield names.TOKENS_USED, used, {**of, names.TOKEN_TYPE: kind}
    ran = told(record["backend"], record["deployment"])
    # Records of older versions have neither cost nor attempts.
    cost = record.get("cost") or {}
    if isinstance(amount := cost.get("amount"), int | float):
        yield names.COST, amount, {**ran, names.CURRENCY: str(cost.get("currency"))}
    for attempt in (record.get("attempts") or [])[:-1]:
        if attempt["outcome"] != ANSWERED:
            of = told(attempt["backend"], attempt["deployment"])
            yield names.FAILOVERS, 1, {**of, names.ERROR: _reason(attempt)}
    if error is not None and error != names.CANCELLED:
        yield names.ERRORS, 1, {**ran, names.ERROR: error}


def _reason(attempt: AttemptRecord) -> str:
    """The HTTP status, if that was all; as the conventions have `error.type`."""
    status = attempt["status"]
    bare = attempt["outcome"] == "status" and status is not None
    return str(status) if bare else attempt["outcome"]
