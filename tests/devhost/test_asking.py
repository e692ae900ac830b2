"""`make ask`: an answer as it comes, or in one line why there is none."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from devhost.ask import Failed, RunningApp
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import FOREIGN, ROOT, AppProcess

KEY = "caller-key-asking"


@pytest.fixture(scope="module")
def asked(standin: StandIn) -> Iterator[AppProcess]:
    settings = azure(standin, CHAINS="echo=tests.support.echoing_chain:chain")
    with AppProcess(settings) as server:
        server.warm()
        yield server


@pytest.fixture(scope="module")
def keyed(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(azure(standin, API_KEYS=KEY)) as server:
        server.warm()
        yield server


def environment(**more: str) -> dict[str, str]:
    """A shell's, in which nothing is set but a proxy that is none."""
    inherited = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    return {**inherited, "http_proxy": "http://127.0.0.1:9", "no_proxy": "", **more}


def make(server: AppProcess, *arguments: str) -> tuple[int, str, str]:
    """`make ask` beside *server*: its exit code and what it printed."""
    port = server.url.rpartition(":")[2]
    done = subprocess.run(
        ["make", "--silent", "ask", *arguments],
        cwd=ROOT,
        env=environment(PORT=port),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_text_is_printed(asked: AppProcess) -> None:
    code, out, err = make(asked, "Q=standin:answer tokens=3")
    # `make` may have something to install first.
    assert (code, out.splitlines()[-1], err) == (0, "tok0 tok1 tok2", "")


def test_it_is_printed_as_it_comes(asked: AppProcess) -> None:
    asking = subprocess.Popen(
        [sys.executable, "-m", "devhost.ask", "standin:answer tokens=500 delay_ms=50"],
        cwd=ROOT,
        env=environment(PORT=asked.url.rpartition(":")[2]),
        stdout=subprocess.PIPE,
    )
    with asking:
        assert asking.stdout
        assert asking.stdout.read(4) == b"tok0"
        asking.kill()


def test_it_ends_without_a_word_once_nobody_reads_on(asked: AppProcess) -> None:
    asking = subprocess.Popen(
        [sys.executable, "-m", "devhost.ask", "standin:answer tokens=500 delay_ms=5"],
        cwd=ROOT,
        env=environment(PORT=asked.url.rpartition(":")[2]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with asking:
        assert asking.stdout
        assert asking.stderr
        assert asking.stdout.read(4) == b"tok0"
        asking.stdout.close()
        assert (asking.stderr.read(), asking.wait(20)) == (b"", 0)


@pytest.mark.parametrize(
    "question", ['it\'s $HOME, "$5" and `id` \\ #1', "-h", "é 漢 🙂", "two\nlines"]
)
def test_a_question_arrives_as_it_is_written(asked: AppProcess, question: str) -> None:
    code, out, _ = make(asked, f"Q={question}", "CHAIN=echo")
    assert (code, out) == (0, f"{question}\n")


def test_a_key_is_asked_for_and_sent(keyed: AppProcess) -> None:
    code, out, err = make(keyed, "Q=standin:answer")
    assert (code != 0, out) == (True, "")
    assert "wants a key: make ask KEY=" in err
    code, out, _ = make(keyed, "Q=standin:answer tokens=2", f"KEY={KEY}")
    assert (code, out) == (0, "tok0 tok1\n")


def test_an_error_is_one_line(asked: AppProcess) -> None:
    code, out, err = make(asked, "Q=hello", "CHAIN=nope")
    assert (code != 0, out) == (True, "")
    assert err.startswith("404: Unknown chain 'nope', expected one of [")


def test_an_answer_that_breaks_off_is_said_to(asked: AppProcess) -> None:
    code, out, err = make(asked, "Q=standin:drop tokens=2 delay_ms=5")
    assert code != 0
    assert out.startswith("tok0")
    assert "The answer broke off: The connection to the model was lost" in err


def test_where_nothing_listens_it_says_what_to_start(asked: AppProcess) -> None:
    code, _, err = make(asked, "Q=hello", "URL=http://127.0.0.1:9")
    assert code != 0
    assert "Nothing listens on http://127.0.0.1:9" in err
    assert "PORT=… make ask" in err


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9", "http://x:port", "localhost", "ftp://x"]
)
def test_what_is_no_url_is_named_so(url: str) -> None:
    app = RunningApp(url, None, "ask Q=…")
    with pytest.raises(Failed, match=f"^{url} is no URL: give one such as http://127"):
        app.show("GET", "/api/health")


def test_elsewhere_make_run_is_no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    app = RunningApp("http://127.0.0.2:9", None, "ask Q=…")
    with pytest.raises(Failed, match=r"^Nothing answers at http://127\.0\.0\.2:9: is "):
        app.show("GET", "/api/health")


def test_a_question_is_needed(asked: AppProcess) -> None:
    for arguments in ([], ["Q="], ["Q= "]):
        code, _, err = make(asked, *arguments)
        assert code != 0
        assert "the question is missing: make ask Q=" in err
