"""Each fault that a deployment can have, and what the doctor says of it."""

from collections.abc import Iterator

import httpx
import pytest

from doctor import live
from doctor.silence import silence
from tests.conftest import azure
from tests.doctor.spoiling_proxies import Harm, proxy
from tests.event_hubs.emulator import EventHubs
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.azurite import Azurite

KEY = "caller-key-doctor"
HUB = "runs"
WRONG = "d3Jvbmc="

Found = dict[str, tuple[str, str]]


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    """The app, which asks for a key, and is never silent for long."""
    settings = azure(standin, API_KEYS=KEY, KEEPALIVE_SECONDS="0.2")
    with AppProcess(settings) as server:
        server.warm()
        yield server


def findings(url: str, key: str | None = KEY, *, asks: bool = False) -> Found:
    found = live.check(url, key, silent=0, asks=asks)
    return {each.name: (each.level, each.text) for each in found}


@pytest.mark.parametrize(
    ("harm", "check", "says"),
    [
        ("takes x-run-id", "resume", "the header x-run-id is taken out on the way"),
        ("takes Last-Event-ID", "resume", "the header Last-Event-ID is taken out"),
        ("signs in", "key", "let App Service Authentication answer 401"),
    ],
)
def test_who_takes_from_a_request_or_an_answer_is_found(
    guarded: AppProcess, harm: Harm, check: str, says: str
) -> None:
    with proxy(guarded.url, harm) as url:
        level, text = findings(url)[check]
    assert (level, says in text) == ("problem", True), text


def silent(url: str, seconds: float) -> tuple[str, str]:
    with httpx.Client(base_url=url, headers={"api-key": KEY}, timeout=20) as client:
        found = silence(client, seconds)
    return found.level, found.text


def test_a_connection_that_is_cut_in_silence_is_found(
    guarded: AppProcess, app: AppProcess
) -> None:
    with proxy(app.url, "has no patience") as url:
        level, text = silent(url, 4)
        assert (level, "set KEEPALIVE_SECONDS below it" in text) == ("problem", True)
    with proxy(guarded.url, "has no patience") as url:
        assert silent(url, 3)[0] == "ok"


def test_keep_alives_that_do_not_come_are_missed(guarded: AppProcess) -> None:
    assert silent(guarded.url, 1)[0] == "ok"
    with proxy(guarded.url, "takes keep-alives") as url:
        level, text = silent(url, 1)
    assert (level, "no keep-alive came in 1 s" in text) == ("warning", True)


def test_a_stall_limit_that_is_shorter_than_the_silence_is_named(
    impatient: AppProcess,
) -> None:
    level, text = silent(impatient.url, 8)
    assert (level, "STALL_TIMEOUT_SECONDS" in text) == ("warning", True)


@pytest.mark.parametrize("asked", ["-1", "x", "1e9", "56", "0.00001", "٣"])
def test_a_silence_that_is_too_long_or_no_number_is_refused(
    guarded: AppProcess, asked: str
) -> None:
    params, key = {"silence": asked}, {"api-key": KEY}
    answer = guarded.client.get("/api/stream-check", params=params, headers=key)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("silence: expected seconds")


def test_a_deployment_that_anyone_may_call_is_warned_of(app: AppProcess) -> None:
    """By an address that does not look like this machine's."""
    url = app.url.replace("127.0.0.1", "127.1")
    level, text = findings(url, None)["key"]
    assert (level, "set HTTP_AUTH_LEVEL" in text) == ("warning", True)


def test_a_key_that_does_not_open_the_level_is_told_from_the_right_one(
    small: AppProcess,
) -> None:
    level, text = findings(small.url, "the-other-key")["key"]
    assert (level, "HTTP_AUTH_LEVEL is admin" in text) == ("problem", True)


def test_an_identity_without_rights_is_found_for_each_of_its_tasks(
    standin: StandIn,
) -> None:
    """The hub, the storage account and the model: each refuses what it is sent."""
    with EventHubs({HUB: 1}) as hub, Azurite() as azurite:
        account = azurite.connection_string
        key = account.partition("AccountKey=")[2].partition(";")[0]
        refused = azure(
            standin,
            API_KEYS=KEY,
            AZURE_OPENAI_API_KEY="wrong",
            AZURE_EVENTHUB_CONN_STR=hub.connection_string(HUB, key="wrong"),
            AZURE_EVENTHUB_NAME=HUB,
            STORE="storage",
            AzureWebJobsStorage=account.replace(key, WRONG),
        )
        with AppProcess(refused) as server:
            server.warm()
            found = findings(server.url, asks=True)
    told = {name: text for name, (level, text) in found.items() if level == "problem"}
    assert told.keys() == {"resume", "records", "answer", "store", "model"}
    assert "AuthenticationError" in told["records"]
    assert "Azure Event Hubs Data Sender" in told["records"]
    assert "403" in told["store"]
    assert "Storage Table Data Contributor" in told["store"]
    assert "upstream_auth" in told["answer"]
    assert "(401): does the identity have the role Cognitive" in told["model"]
    assert WRONG not in str(found)


def test_a_hub_that_is_down_is_a_backlog_until_it_is_up(standin: StandIn) -> None:
    with EventHubs({HUB: 1}) as hub:
        connected = {
            "AZURE_EVENTHUB_CONN_STR": hub.connection_string(HUB),
            "AZURE_EVENTHUB_NAME": HUB,
        }
        with AppProcess(azure(standin, API_KEYS=KEY, **connected)) as server:
            server.warm()
            assert findings(server.url)["records"] == (
                "ok",
                "event-hubs took the one of this check",
            )
            hub.down()
            level, text = findings(server.url)["records"]
            assert (level, "event-hubs has not taken" in text) == ("problem", True)
            hub.up()
            until(lambda: len(hub.events(HUB)) >= 2, 40)


@pytest.mark.parametrize("kept", ["memory", "sqlite"])
def test_a_run_is_found_again_in_any_store(
    standin: StandIn, kept: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("store") / "store.db"
    store = {"memory": "memory", "sqlite": f"sqlite:{place}"}[kept]
    with AppProcess(azure(standin, API_KEYS=KEY, STORE=store)) as server:
        server.warm()
        found = findings(server.url)
    assert found["resume"] == ("ok", "the run is read on from its event 19")
    assert (found["store"][0], kept in found["store"][1]) == ("ok", True)
