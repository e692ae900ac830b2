"""Records of runs from Event Hubs, kept in Table storage: cost by caller and day.

A trigger takes the records, and `GET /api/cost?day=2026-11-28` answers from them.
"""

import json
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from uuid import UUID

import azure.functions as func
from azure.data.tables import TableClient, UpdateMode
from azure.identity import DefaultAzureCredential

TABLE = "costs"

MOST_CHARACTERS = 1000
"""Of a value; a property of a table has 64 KB."""

NO_RECORD = (ValueError, LookupError, TypeError, ArithmeticError, RecursionError)
"""What reading raises of an event that is none of the chat app's."""

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
log = logging.getLogger("consumer")


@cache
def table() -> TableClient:
    """The table, by an identity or, for the emulator, by a connection string."""
    # As the host names what belongs to a connection.
    account = os.environ.get("COSTS__accountName")  # noqa: SIM112
    if account:
        client = TableClient(
            f"https://{account}.table.core.windows.net",
            TABLE,
            credential=DefaultAzureCredential(),
        )
    else:
        client = TableClient.from_connection_string(os.environ["COSTS"], TABLE)
    return client


# Without it the host goes on to the next events, whether these were kept or not. See:
# https://learn.microsoft.com/azure/azure-functions/functions-reliable-event-processing
@app.retry(
    strategy="exponential_backoff",
    max_retry_count="-1",
    minimum_interval="00:00:05",
    maximum_interval="00:05:00",
)
@app.event_hub_message_trigger(
    arg_name="events",
    event_hub_name="%EVENTHUB_NAME%",
    connection="EVENTHUB",
    cardinality=func.Cardinality.MANY,
    consumer_group="%EVENTHUB_CONSUMER_GROUP%",
)
def keep(events: list[func.EventHubEvent]) -> None:
    """Upsert each record by its id: one that comes twice counts once.

    What raises is tried again by the host, with all of its events.
    """
    for event in events:
        try:
            entity = entity_of(json.loads(event.get_body()))
        except NO_RECORD:
            # It would fail for ever, and hold up all that comes after it.
            log.warning("no record: event %s", event.sequence_number)
            continue
        table().upsert_entity(entity, mode=UpdateMode.REPLACE)


@app.route("cost", methods=["GET"])
def cost(req: func.HttpRequest) -> func.HttpResponse:
    try:
        day = date.fromisoformat(req.params.get("day", ""))
    except ValueError:
        return answer({"error": "expected ?day=YYYY-MM-DD"}, status=400)
    rows = table().query_entities(
        "PartitionKey eq @day", parameters={"day": day.isoformat()}
    )
    return answer({"day": day.isoformat(), "callers": by_caller(rows)})


def entity_of(record: Mapping[str, object]) -> dict[str, str]:
    """What is kept of *record*; neither prompt nor answer is.

    Numbers are text: amounts are money, and a table's integers have 32 bits.
    """
    usage, price = record["usage"], record["cost"]
    if not isinstance(usage, Mapping):
        raise TypeError("usage")
    cost = price if isinstance(price, Mapping) else {"amount": 0, "currency": ""}
    entity = {
        "PartitionKey": date.fromisoformat(str(record["timestamp"])[:10]).isoformat(),
        "RowKey": str(UUID(str(record["id"]))),
        "caller": str(record["principal"] or "")[:MOST_CHARACTERS],
        "tokens": str(int(usage["total_tokens"])),
        "amount": amount(cost["amount"]),
        "currency": str(cost["currency"]),
    }
    if any(len(value.encode()) > 4 * MOST_CHARACTERS for value in entity.values()):
        raise ValueError("too long for a table")
    return entity


def amount(value: object) -> str:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not an amount")
    return str(number)


def by_caller(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    """The sums of each caller and currency, the dearest first."""
    amounts: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    tokens: dict[tuple[str, str], int] = defaultdict(int)
    runs: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        key = str(row["caller"]), str(row["currency"])
        amounts[key] += Decimal(str(row["amount"]))
        tokens[key] += int(str(row["tokens"]))
        runs[key] += 1
    return [
        {
            "caller": caller,
            "amount": str(amounts[caller, currency]),
            "currency": currency,
            "tokens": tokens[caller, currency],
            "runs": runs[caller, currency],
        }
        for caller, currency in sorted(amounts, key=lambda key: (-amounts[key], key))
    ]


def answer(content: dict[str, object], *, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(
        json.dumps(content), status_code=status, mimetype="application/json"
    )
