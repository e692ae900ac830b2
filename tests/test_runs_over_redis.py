"""Two processes over a Redis: each follows and stops the other's runs."""

import redis

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.followed_runs import (
    ask,
    begun,
    ended,
    follow,
    numbers,
    state,
)
from tests.support.redis_server import redis_server


def test_runs_over_a_redis_are_followed_and_stopped_from_elsewhere(
    standin: StandIn,
) -> None:
    with redis_server() as url:
        settings = azure(standin, STORE=url)
        with AppProcess(settings) as here, AppProcess(settings) as there:
            for server in (here, there):
                server.warm()
            first = ask(here, "standin:answer tokens=5")
            run_id = first.headers["x-run-id"]
            assert follow(there, run_id).content == first.content
            assert state(there, run_id) == state(here, run_id)
            with begun(here, "standin:answer tokens=60 delay_ms=30") as run_id:
                known(there, run_id)
                assert numbers(follow(there, run_id).content) == list(range(1, 62))
            question = "standin:answer tokens=1000 delay_ms=20 tag=redis"
            with begun(here, question) as run_id:
                known(there, run_id)
                stopped = there.client.post(f"/api/runs/{run_id}/cancel")
                assert stopped.status_code == 202
                assert standin.wait_closed("redis")["closed_at"] is not None
                assert ended(there, run_id)["status"] == "cancelled"
            stopped_while_the_store_is_down(here, url)


def stopped_while_the_store_is_down(server: AppProcess, url: str) -> None:
    question = "standin:answer tokens=1000 delay_ms=20"
    with server.streaming(question) as answer:
        answer.next()
        with redis.Redis.from_url(url) as client:
            client.shutdown(nosave=True)
        run_id = answer.response.headers["x-run-id"]
        stopping = server.client.post(f"/api/runs/{run_id}/cancel")
        assert (stopping.status_code, stopping.json()["status"]) == (202, "running")
        while (event := answer.next())[0] != "done":
            pass
        assert event[1]["finish_reason"] == "cancelled"


def known(server: AppProcess, run_id: str) -> None:
    until(lambda: server.client.get(f"/api/runs/{run_id}").status_code == 200)
