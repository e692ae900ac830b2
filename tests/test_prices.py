"""What a run's tokens cost: in its `done`, its record, and to the last digit."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import settings
from runs import ModelCall
from runs.cost import cost
from settings import SettingsError
from settings.prices import Price, Prices
from streaming.events import Cost, Usage
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

PRICES = '{"gpt-4o": {"input": 2.5, "cached": 1.25, "output": 10}, "currency": "EUR"}'


@pytest.fixture(scope="module")
def priced(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(azure(standin, PRICES=PRICES)) as server:
        server.warm()
        yield server


def expected(usage: dict[str, int]) -> float:
    fresh = usage["input_tokens"] - usage["cached_tokens"]
    micro = fresh * 25 + usage["cached_tokens"] * 12.5 + usage["output_tokens"] * 100
    return micro / 10_000_000


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_says_what_it_cost(priced: AppProcess, stream: bool) -> None:
    response = priced.chat("standin:answer tokens=7", stream=stream)
    done = (
        priced.events("standin:answer tokens=7")[-1][1] if stream else response.json()
    )
    assert done["cost"] == {"amount": expected(done["usage"]), "currency": "EUR"}
    record = priced.record(response.headers["x-request-id"])
    assert record["cost"] == done["cost"]


def test_the_tokens_of_an_answer_that_was_left_are_paid_for_too(
    priced: AppProcess,
) -> None:
    with priced.streaming("standin:answer tokens=500 delay_ms=20") as answer:
        answer.next()
    record = priced.record(answer.request_id)
    assert record["usage"]["estimated"]
    assert record["cost"]["amount"] > 0


def test_without_prices_nothing_is_said_of_cost(app: AppProcess) -> None:
    response = app.chat("standin:answer", stream=False)
    assert "cost" not in response.json()
    assert app.record(response.headers["x-request-id"])["cost"] is None


amounts = st.decimals(0, 1000, places=6, allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10**7)


@given(
    *(st.lists(st.tuples(counts, counts, counts), max_size=5),),
    *(amounts, amounts, st.none() | amounts),
)
def test_the_sum_is_exact(
    calls: list[tuple[int, int, int]],
    input_: Decimal,
    output: Decimal,
    cached: Decimal | None,
) -> None:
    price = Price(input=input_, output=output, cached=cached)
    made, exact = [], Fraction(0)
    for given_, of_them_cached, written in calls:
        of_them_cached = min(of_them_cached, given_)
        usage = Usage(given_, written, given_ + written, of_them_cached)
        made.append(ModelCall("gpt-4o", usage=usage))
        exact += (given_ - of_them_cached) * Fraction(input_)
        exact += of_them_cached * Fraction(input_ if cached is None else cached)
        exact += written * Fraction(output)
    found = cost(made, Prices(by_name={"*": price}))
    assert found is not None
    assert Fraction(found.amount) == exact / 1_000_000


def test_a_deployment_has_its_own_price_or_its_models_or_that_of_all() -> None:
    each = {
        name: Price(input=Decimal(amount), output=Decimal(0))
        for name, amount in (("mine", 1), ("gpt-4o-2024-08-06", 2), ("*", 3))
    }
    prices = Prices(by_name=each)
    for call, amount in (
        (ModelCall("mine", model="gpt-4o-2024-08-06"), 1),
        (ModelCall("other", model="gpt-4o-2024-08-06"), 2),
        (ModelCall("other", model="o3"), 3),
    ):
        call.usage = Usage(1_000_000, 0, 1_000_000)
        assert cost([call], prices) == Cost(Decimal(amount), "USD")


def test_a_call_without_a_price_leaves_the_sum_unknown() -> None:
    price = Price(input=Decimal(1), output=Decimal(1))
    prices = Prices(by_name={"gpt-4o": price})
    used = ModelCall("other", usage=Usage(1, 1, 2))
    assert cost([used], prices) is None
    assert cost([ModelCall("other", usage=Usage())], prices) == Cost(Decimal(0), "USD")


@pytest.mark.parametrize(
    ("prices", "says"),
    [
        ("2.5", "PRICES: expected a JSON object of prices by deployment"),
        ('{"gpt-4o": ', "PRICES: expected a JSON object: Expecting value"),
        ('{"currency": "USD"}', 'PRICES: expected {"gpt-4o":'),
        ('{"gpt-4o": {"input": 1}}', "PRICES.gpt-4o.output: is missing"),
        ('{"*": {"input": -1, "output": 1}}', "PRICES.*.input: Input should"),
        (
            '{"*": {"input": 1, "output": 1}, "currency": "dollar"}',
            "PRICES.currency: expected three",
        ),
        ('{"gpt-*": {"input": 1, "output": 1}}', "PRICES: 'gpt-*' is the name of no"),
        ('{" gpt": {"input": 1, "output": 1}}', "PRICES: ' gpt' is the name of no"),
        ('{"by_name": {}}', "PRICES"),
        ('{"a": {"price": 1}}', "PRICES.a: 'price' is unknown, expected one of input,"),
        ('{"a": {"input": 1}, "a": {"input": 2}}', "PRICES: 'a' is there twice"),
    ],
)
def test_a_price_that_is_none_fails_at_start(
    monkeypatch: pytest.MonkeyPatch, prices: str, says: str
) -> None:
    monkeypatch.setenv("PRICES", prices)
    with pytest.raises(SettingsError) as refused:
        settings.load()
    assert str(refused.value).startswith(says)
