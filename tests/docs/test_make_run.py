"""`make run`, as README has it."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import httpx

from tests.support.app_process import FOREIGN, ROOT, read_events, text_of


def test_make_run_serves_readmes_curl_and_stops_cleanly() -> None:
    readme = Path(ROOT, "README.md").read_text(encoding="utf-8")
    curl = re.search(
        r"^curl -N http://127.0.0.1:7071(\S+) -H '(.+?): (.+?)' -d '(.+)'$",
        readme,
        re.MULTILINE,
    )
    assert curl
    path, name, value, body = curl.groups()
    environment = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    make = subprocess.Popen(
        ["make", "run"],
        cwd=ROOT,
        env={**environment, "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    late = threading.Timer(50, make.kill)
    late.start()
    try:
        assert make.stdout
        lines = iter(make.stdout.readline, "")
        ready = next(filter(None, (re.search(r"Listening on (\S+)", x) for x in lines)))
        response = httpx.post(
            ready[1] + path, content=body, headers={name: value}, timeout=20
        )
        events = read_events(response)
        assert "chains/haiku.py" in text_of(events)
        assert events[-1][1]["finish_reason"] == "stop"
        os.killpg(make.pid, signal.SIGINT)  # As Ctrl-C in a terminal does.
        assert make.wait(10) in (0, 130, -signal.SIGINT)
    finally:
        late.cancel()
        make.kill()
        make.wait()
        assert make.stdout
        make.stdout.close()
