"""`make replay`: a kept run in its own time, in any dialect."""

import subprocess
from time import monotonic

import pytest

from tests.devhost.test_asking import environment
from tests.support.app_process import ROOT, AppProcess
from tests.support.followed_runs import ask, follow

SLOW = "standin:answer tokens=4 delay_ms=500"


def replay(server: AppProcess, *arguments: str) -> tuple[int, str, str]:
    port = server.url.rpartition(":")[2]
    done = subprocess.run(
        ["make", "--silent", "replay", *arguments],
        cwd=ROOT,
        env=environment(PORT=port),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_a_run_is_shown_again_in_any_dialect(app: AppProcess) -> None:
    run_id = ask(app, "standin:answer tokens=3").headers["x-run-id"]
    for dialect in ("json", "openai", "text"):
        shown = follow(app, run_id, dialect=dialect).text
        code, out, err = replay(app, f"RUN={run_id}", f"DIALECT={dialect}", "SPEED=100")
        # `make` may have something to install first.
        assert (code, err) == (0, "")
        assert out.rstrip("\n").endswith(shown.replace("\r", "").rstrip("\n"))


def test_it_takes_no_less_time_than_it_took(app: AppProcess) -> None:
    run_id = ask(app, SLOW).headers["x-run-id"]
    for asked, least in (({"speed": 1}, 1.4), ({"speed": 0.5, "after": 3}, 0.9)):
        began = monotonic()
        shown = follow(app, run_id, **asked).content
        assert monotonic() - began > least
        assert shown == follow(app, run_id, after=asked.get("after", 0)).content


@pytest.mark.parametrize("speed", ["0", "0.01", "-1", "x", "nan", "1e3", "99999"])
def test_a_speed_that_is_none_is_refused(app: AppProcess, speed: str) -> None:
    run_id = ask(app, "standin:answer tokens=1").headers["x-run-id"]
    response = follow(app, run_id, speed=speed)
    assert (response.status_code, response.json()["error"]["code"]) == (
        400,
        "invalid_request",
    )


def test_what_cannot_be_shown_is_said_in_a_line(app: AppProcess) -> None:
    code, _, err = replay(app, f"RUN={'0' * 36}")
    assert code != 0
    assert err.startswith("404: There is no run")
    assert replay(app)[0] != 0
