"""The resource: its routes, its keys and what it remembers."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from uuid import uuid4

from aiohttp import web

from tests.standin import replies, responses, scenarios
from tests.standin.answers import Call
from tests.standin.completion import Completion
from tests.standin.delivery import REWRITERS, Aborted, Delivery, Sent, encoded
from tests.standin.directive import ChatRequest, Directive
from tests.standin.journal import Entry, Journal
from tests.standin.kept_responses import KeptResponses, Made
from tests.standin.responses import Response
from tests.standin.steps import Reply, Step

MAX_BODY = 64 * 1024 * 1024

LONGEST_REASON = 2_000
"""Characters of why a body is invalid; it may have thousands of reasons."""


def application(*, key: str, token: str, scenario: str = "answer") -> web.Application:
    """A resource that knows one *key* and one Entra *token*.

    Questions that name no scenario are answered by *scenario*.
    """
    scenarios.check(scenario)
    resource = Resource(key, token, scenario, Journal(), KeptResponses())
    app = web.Application(client_max_size=MAX_BODY)
    deployment = "/openai/deployments/{deployment}/chat/completions"
    app.router.add_post(deployment, resource.complete)
    app.router.add_post("/openai/v1/chat/completions", resource.complete)
    app.router.add_post("/v1/chat/completions", resource.complete)
    app.router.add_post("/openai/v1/responses", resource.complete)
    app.router.add_post("/v1/responses", resource.complete)
    for path in ("/openai/v1/responses/{id}", "/v1/responses/{id}"):
        app.router.add_get(path, resource.about)
        app.router.add_delete(path, resource.about)
        app.router.add_post(f"{path}/cancel", resource.about)
        app.router.add_get(f"{path}/input_items", resource.about)
    app.router.add_get("/standin/requests", resource.requests)
    app.router.add_get("/standin/requests/count", resource.count)
    app.router.add_get("/standin/requests/wait", resource.wait)
    app.router.add_post("/standin/reset", resource.reset)
    app.router.add_route("*", "/{path:.*}", resource.nothing)
    return app


@dataclass(frozen=True, slots=True)
class Resource:
    """One Azure OpenAI resource."""

    key: str
    token: str
    scenario: str
    journal: Journal
    kept: KeptResponses

    async def requests(self, request: web.Request) -> web.Response:
        """What was asked, the oldest first."""
        found = self.journal.find(request.query.get("tag"))
        return web.json_response([asdict(entry) for entry in found])

    async def count(self, request: web.Request) -> web.Response:
        """How often it was asked, however few of the requests are kept."""
        return web.json_response(self.journal.opened)

    async def wait(self, request: web.Request) -> web.Response:
        """The first request of a tag and an outcome, or 408."""
        query = request.query
        try:
            async with asyncio.timeout(float(query.get("timeout", 5))):
                entry = await self.journal.wait(query.get("tag"), query.get("outcome"))
        except TimeoutError:
            return web.json_response({"error": "no such request"}, status=408)
        return web.json_response(asdict(entry))

    async def reset(self, request: web.Request) -> web.Response:
        """Forget."""
        self.journal.reset()
        return web.Response(status=204)

    async def nothing(self, request: web.Request) -> web.Response:
        """What Azure says of a path it does not have."""
        reply = replies.RESOURCE_NOT_FOUND
        return web.json_response(reply.body, status=reply.status)

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer, and record how it ended."""
        raw = await request.read()
        entry = opened(request)
        delivery = Delivery(request, entry, headers(entry.request_id))
        try:
            response = await self._answer(request, raw, entry, delivery)
        except Aborted:
            self.journal.close(entry, "aborted")
            return web.Response()  # To nobody; an exception would be logged.
        except (asyncio.CancelledError, ConnectionError):
            self.journal.close(entry, "closed_by_peer")
            raise
        self.journal.close(entry, "completed")
        return response

    async def _answer(
        self, request: web.Request, raw: bytes, entry: Entry, delivery: Delivery
    ) -> web.StreamResponse:
        try:
            deployment = request.match_info.get("deployment")
            call = understood(entry, raw, deployment, scenario=self.scenario)
        except (ValueError, RecursionError) as exc:
            self.journal.open(entry)
            return delivery.reply(replies.invalid(str(exc)[:LONGEST_REASON]))
        seen = self.journal.open(entry)
        if refusal := self._refused(request, call):
            return delivery.reply(refusal)
        prompt, cached = call.request.prompt_tokens, call.directive.number("cached", 0)
        steps = scenarios.steps(call, seen=seen)
        if _is_of_responses(entry):
            response = Response(entry.body, prompt_tokens=prompt, cached_tokens=cached)
            return await self._respond(call, steps, response, entry, delivery)
        completion = Completion(prompt_tokens=prompt, cached_tokens=cached)
        if not call.request.stream:
            return await delivery.whole(steps, completion)
        return await delivery.stream(rewritten(call, encoded(steps, completion)))

    async def _respond(
        self,
        call: Call,
        steps: Iterator[Step],
        response: Response,
        entry: Entry,
        delivery: Delivery,
    ) -> web.StreamResponse:
        previous = entry.body.get("previous_response_id")
        if not self.kept.knows(previous):
            return delivery.reply(replies.response_not_found(str(previous)))
        made = self.kept.add(response, entry.body)
        sent = rewritten(call, encoded(steps, response))
        if made.background:
            first = next(sent)
            if isinstance(first, Reply):
                return delivery.reply(first)
            made.begin(chain([first], sent))
            if not call.request.stream:
                return delivery.reply(Reply(200, response.response()))
            return await self._follow(made, delivery, after=-1)
        if call.request.stream:
            return await delivery.stream(made.recorded(sent))
        made.over = True
        return await delivery.whole(steps, response)

    async def about(self, request: web.Request) -> web.StreamResponse:
        """Answer what is asked of a response that was made before."""
        entry = opened(request)
        entry.tag = request.match_info["id"]
        self.journal.open(entry)
        delivery = Delivery(request, entry, headers(entry.request_id))
        if not self._admits(request, azure=False):
            return delivery.reply(replies.UNAUTHORIZED)
        answer = self.kept.answer(request)
        try:
            if isinstance(answer, Reply):
                response: web.StreamResponse = delivery.reply(answer)
            else:
                after = int(request.query.get("starting_after", -1))
                response = await self._follow(answer, delivery, after=after)
        except (asyncio.CancelledError, ConnectionError):
            self.journal.close(entry, "closed_by_peer")
            raise
        self.journal.close(entry, "completed")
        return response

    async def _follow(
        self, made: Made, delivery: Delivery, *, after: int
    ) -> web.StreamResponse:
        response = await delivery.prepared()
        await made.follow(response, after)
        await response.write_eof()
        return response

    def _refused(self, request: web.Request, call: Call) -> Reply | None:
        if not self._admits(request, azure=call.azure):
            return replies.UNAUTHORIZED
        if call.azure and not request.query.get("api-version"):
            return replies.RESOURCE_NOT_FOUND
        if request.path.startswith("/openai/v1/") and request.query:
            return replies.invalid("the v1 API has no versions")
        if call.deployment == "missing":
            return replies.DEPLOYMENT_NOT_FOUND
        return None

    def _admits(self, request: web.Request, *, azure: bool) -> bool:
        bearers = {f"Bearer {self.token}"}
        if not azure:
            bearers.add(f"Bearer {self.key}")
        return (
            request.headers.get("api-key") == self.key
            or request.headers.get("Authorization") in bearers
        )


def opened(request: web.Request) -> Entry:
    """The record of *request*, as far as its head tells."""
    return Entry(
        path=request.path,
        query=dict(request.query),
        headers={
            name.lower(): request.headers.getall(name) for name in request.headers
        },
        body={},
        request_id=str(uuid4()),
    )


def understood(
    entry: Entry, raw: bytes, deployment: str | None, *, scenario: str
) -> Call:
    """What the body asks for; *entry* is told."""
    body = json.loads(raw)
    read = responses.as_chat if _is_of_responses(entry) else ChatRequest.model_validate
    request = read(body)
    entry.body = body
    directive = Directive.parse(request.asked, scenario)
    entry.tag = directive.tag
    entry.scenario = directive.name
    scenarios.check(directive.name)
    azure = deployment is not None
    return Call(directive, request, deployment or request.model or "", azure)


def rewritten(call: Call, sent: Iterator[Sent]) -> Iterator[Sent]:
    rewrite = REWRITERS.get(call.directive.name)
    return rewrite(sent) if rewrite else sent


def _is_of_responses(entry: Entry) -> bool:
    return entry.path.endswith("/responses")


def headers(request_id: str) -> dict[str, str]:
    """What Azure adds to every answer."""
    return {
        "apim-request-id": str(uuid4()),
        "x-request-id": request_id,
        "x-ms-region": "Sweden Central",
        "x-ratelimit-remaining-requests": "249",
        "x-ratelimit-remaining-tokens": "249000",
    }
