"""The table of docs/scale.md, computed again from the code's own intervals."""

from budgets.lease import STEP_TOKENS
from runs.instance import ASKED_SECONDS, FOLLOWED_SECONDS, LEASE_SECONDS
from runs.lease import LEASE_SECONDS as THREAD_LEASE_SECONDS
from runs.logs import OTHERS_SECONDS
from runs.run_log import UNFOLLOWED_SECONDS
from store.storage import POLL_SECONDS
from tests.support.app_process import ROOT

INSTANCES, STREAMS = 1_000, 100
ANSWER_SECONDS, TOKENS_A_SECOND, FOLLOWED = 20, 30, 0.01

OPEN = INSTANCES * STREAMS
RUNS = OPEN / ANSWER_SECONDS
"""That begin, and end, each second."""

MONTH_SECONDS = 30 * 24 * 3600

WRITE, OTHER, TABLE = 0.055 / 10_000, 0.004_4 / 10_000, 0.000_36 / 10_000
"""Dollars a request: writes of hot blobs (LRS), other requests, requests of tables."""

ACCOUNT = 20_000
"""Requests a second that Azure lets a standard account have."""

# Requests of each engine. In `storage`, what replaces anything and what deletes read
# the entity first; Redis needs one request for each call.
THREAD_STORAGE, THREAD_REDIS = 11, 9
CHANGES = 2 + ANSWER_SECONDS * TOKENS_A_SECOND / STEP_TOKENS
"""Of a budget, by one answer: its beginning, its end, and its growth."""

renewals = ANSWER_SECONDS // (THREAD_LEASE_SECONDS / 3) - 1
beats = INSTANCES / (LEASE_SECONDS / 3)

appends = OPEN * ((1 - FOLLOWED) / UNFOLLOWED_SECONDS + FOLLOWED / OTHERS_SECONDS)
asking = OPEN * FOLLOWED / (FOLLOWED_SECONDS / 2)

ROWS = {
    "appends to logs": (appends, appends, WRITE),
    "logs that begin": (RUNS, 0, WRITE),
    "logs that end": (RUNS, 0, OTHER),
    "each process lives": (2 * beats, beats, TABLE),
    "what others ask": (INSTANCES / ASKED_SECONDS,) * 2 + (TABLE,),
    "followers of 1 %": (OPEN * FOLLOWED / POLL_SECONDS,) * 2 + (OTHER,),
    "what they ask for": (2 * asking, asking, TABLE),
    "runs on a thread": (
        RUNS * (THREAD_STORAGE + renewals - 1),
        RUNS * (THREAD_REDIS + renewals - 1),
        TABLE,
    ),
    "budgets": (RUNS * CHANGES * 2, RUNS * CHANGES * 2, TABLE),
}


def test_the_table_is_what_the_code_does() -> None:
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    for name, (storage, redis, price) in ROWS.items():
        cost = storage * MONTH_SECONDS * price
        row = f"| {name} | {storage:,.0f} | {redis:,.0f} | {dollars(cost)} |"
        assert row in page, row


def test_the_sums_are_those_of_the_table() -> None:
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    storage = sum(row[0] for row in ROWS.values())
    redis = sum(row[1] for row in ROWS.values())
    cost = sum(row[0] * MONTH_SECONDS * row[2] for row in ROWS.values())
    row = f"| together | {storage:,.0f} | {redis:,.0f} | {dollars(cost)} |"
    assert row in page, row
    streams = ACCOUNT / (storage / OPEN)
    assert f"about {round(streams, -2):,.0f} open streams" in page, streams
    answer = ANSWER_SECONDS * cost / OPEN / MONTH_SECONDS * 1_000_000
    assert f"${answer:,.0f} a million answers" in page, answer


def dollars(cost: float) -> str:
    return f"${float(f'{cost:.2g}'):,.0f}"
