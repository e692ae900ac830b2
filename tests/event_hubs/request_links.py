"""The links of `$cbs` and `$management`: requests on one, responses on another.

See: https://docs.oasis-open.org/amqp/amqp-cbs/v1.0/amqp-cbs-v1.0.html
"""

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.event_hubs import tokens
from tests.event_hubs.composites import Accepted
from tests.event_hubs.links import Delivery, Receiver, Sender
from tests.event_hubs.management import NotFound, describe
from tests.event_hubs.message import Message, Section
from tests.event_hubs.performatives import Attach
from tests.event_hubs.values import Int

if TYPE_CHECKING:
    from tests.event_hubs.session import Session


@dataclass(frozen=True, slots=True)
class Response:
    """What a node says to a request."""

    status: int
    description: str
    value: object = None

    def encode(self, correlation_id: object) -> bytes:
        """The response to the message with that id."""
        status = {
            "status-code": Int(self.status),
            "status-description": self.description,
        }
        return b"".join(
            [
                # The correlation id is the sixth of the properties.
                Section.PROPERTIES.encode([*[None] * 5, correlation_id]),
                Section.APPLICATION_PROPERTIES.encode(status),
                Section.VALUE.encode(self.value),
            ]
        )


class RequestLink(Receiver):
    """Answers each request on the response link of the same node and session."""

    def __init__(self, session: "Session", attach: Attach, *, node: str) -> None:
        super().__init__(session, attach)
        self._node = node

    def deliver(self, delivery: Delivery) -> None:
        """Settle the request and answer it."""
        self.session.settle(delivery.id, Accepted())
        request = Message.decode(delivery.message)
        put = self._node == "$cbs"
        response = self._put_token(request) if put else self._read(request)
        for link in list(self.session.links.values()):
            if isinstance(link, ResponseLink) and link.node == self._node:
                link.respond(response.encode(request.message_id))

    def _put_token(self, request: Message) -> Response:
        if self.broker.faults.refuse_tokens:
            return Response(
                401, "InvalidSignature: The token has an invalid signature."
            )
        asked = request.application_properties
        try:
            hub = tokens.check(
                str(request.value),
                kind=asked.get("type"),
                audience=str(asked.get("name")),
                key=self.broker.key,
            )
        except tokens.Unauthorized as exc:
            return Response(401, str(exc))
        self.session.connection.authorized.add(hub)
        return Response(202, "Accepted")

    def _read(self, request: Message) -> Response:
        try:
            return Response(200, "OK", describe(request, self.broker.hubs))
        except NotFound as exc:
            return Response(404, str(exc))


class ResponseLink(Sender):
    """Sends what `RequestLink` answers."""

    def __init__(self, session: "Session", attach: Attach, *, node: str) -> None:
        super().__init__(session, attach)
        self.node = node
        self._responses: deque[bytes] = deque()

    def respond(self, response: bytes) -> None:
        """Send *response* once the client takes it."""
        self._responses.append(response)
        self.pump()

    def next(self) -> bytes | None:
        """The next response."""
        return self._responses.popleft() if self._responses else None
