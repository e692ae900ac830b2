"""A call on a closed engine works, or is the error that each call may raise."""

from contextlib import suppress

import pytest

from store import Store, StoreError
from tests.store.conftest import CALLS


@pytest.mark.parametrize("name", CALLS)
async def test_a_call_on_a_closed_store_is_no_other_error(
    store: Store, name: str
) -> None:
    await store.put("p", "k", b"1")
    await store.close()
    with suppress(StoreError):
        await CALLS[name](store)


async def test_a_store_may_be_closed_twice(store: Store) -> None:
    await store.get("p", "k")
    await store.close()
