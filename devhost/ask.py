"""Ask a running app, and print its answer as it comes: `python -m devhost.ask`."""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from devhost import config
from devhost.errors import StartError

SILENCE_SECONDS = 300
"""Seconds to wait for the next piece: longer than the app waits for its model."""

_UNPRINTABLE = dict.fromkeys((*range(32), *range(127, 160)))
del _UNPRINTABLE[ord("\n")], _UNPRINTABLE[ord("\t")]
"""Control characters, with which a model's text could steer the terminal."""

_ERROR = re.compile(r"^event: error\ndata: (.*)$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m devhost.ask", description=__doc__)
    # `make` passes it like this: a shell would change what is in it.
    question = os.environ.get("QUESTION")
    parser.add_argument("question", nargs="?", default=question, metavar="QUESTION")
    parser.add_argument("--chain", help="the chain to ask, if not the default one")
    parser.add_argument("--key", help="a function key, or one of API_KEYS")
    parser.add_argument("--url", help="where the app runs, if not on this machine")
    given = parser.parse_args(arguments)
    if not (given.question and given.question.strip()):
        parser.error('the question is missing: make ask Q="How do I add a chain?"')
    try:
        body = {"user": given.question, "chain": given.chain}
        app = RunningApp(given.url or local_url(), given.key, "ask Q=…")
        app.show("POST", "/api/chat/plain", body=body)
    except KeyboardInterrupt:
        return 130
    except (StartError, Failed) as exc:
        print(exc, file=sys.stderr)
        return 1
    return 0


class Failed(Exception):
    """There is no answer, or not all of it; the message says why."""


def local_url() -> str:
    app = config.load(Path.cwd(), os.environ)
    return f"http://127.0.0.1:{app.port}"


@dataclass(frozen=True, slots=True)
class RunningApp:
    """A running app at *url*, as the *command* of `make` asks it."""

    url: str
    key: str | None
    command: str

    def show(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Print what it answers as it comes; raises `Failed`."""
        key = self.key
        keys = {"api-key": key, "x-functions-key": key} if key else {}
        timeout = httpx.Timeout(SILENCE_SECONDS, connect=10)
        address = f"{self.url.rstrip('/')}{path}"
        # A proxy of the environment does not lead to this machine.
        outside = self._host() not in ("127.0.0.1", "localhost", "::1")
        run = ""
        with httpx.Client(headers=keys, timeout=timeout, trust_env=outside) as client:
            try:
                asked = client.stream(method, address, json=body, params=params)
                with asked as response:
                    run = response.headers.get("x-run-id", "")
                    _print(response, self.command)
            except BrokenPipeError:  # What reads this has seen enough, as `head` has.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            except httpx.ConnectError:
                raise Failed(
                    f"Nothing answers at {self.url}: is that its address?"
                    if outside
                    else f"Nothing listens on {self.url}: is `make run` running? "
                    f"If on another port: PORT=… make {self.command}"
                ) from None
            except httpx.ReadTimeout:
                raise Failed("\nThe app says nothing any more.") from None
            except httpx.HTTPError as exc:
                why = self._said_of(run, client) if run else ""
                why = why or f"see the app's log ({type(exc).__name__})."
                raise Failed(f"\nThe answer broke off: {why}") from None

    def _host(self) -> str:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host:
            raise Failed(
                f"{self.url} is no URL: give one such as http://127.0.0.1:7071"
            )
        return url.host

    def _said_of(self, run: str, client: httpx.Client) -> str:
        """The error that ended *run*, which has no place in an answer's plain text."""
        address = f"{self.url.rstrip('/')}/api/runs/{run}/stream"
        try:
            found = _ERROR.search(client.get(address, timeout=10).text)
            message = str(json.loads(found[1])["error"]["message"]) if found else ""
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return ""
        return message.translate(_UNPRINTABLE)


def _print(response: httpx.Response, command: str) -> None:
    if response.status_code != 200:
        response.read()
        raise Failed(_reason(response, command))
    response.encoding = "utf-8"
    for piece in response.iter_text():
        print(piece.translate(_UNPRINTABLE), end="", flush=True)
    print()


def _reason(response: httpx.Response, command: str) -> str:
    status = response.status_code
    if status == 401:
        name, _, rest = command.partition(" ")
        return f"The app wants a key: make {name} KEY=… {rest}"
    plain = response.headers.get("content-type", "").startswith("text/plain")
    message = response.text.strip() if plain else "is it the address of this app?"
    if b'"error"' in response.content[:20]:
        message = str(response.json()["error"]["message"])
    return f"{status}: {message}".translate(_UNPRINTABLE)


if __name__ == "__main__":
    sys.exit(main())
