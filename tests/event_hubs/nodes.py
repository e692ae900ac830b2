"""Nodes: an address, and the link to what is there."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.event_hubs.hub_links import ConsumerLink, ProducerLink
from tests.event_hubs.links import Link, Refused
from tests.event_hubs.performatives import Attach
from tests.event_hubs.request_links import RequestLink, ResponseLink

if TYPE_CHECKING:
    from tests.event_hubs.session import Session

_HUB = re.compile(
    r"(?P<hub>[^/]+)(/ConsumerGroups/[^/]+)?(/Partitions/(?P<partition>[^/]+))?"
)


def link(session: "Session", attach: Attach) -> Link | None:
    """The link that *attach* asks for; `None` is one that is never answered."""
    terminus = attach.source if attach.role else attach.target
    address = (terminus and terminus.address) or ""
    # The SDK's addresses are URLs, but those of the nodes that are not hubs.
    path = urlsplit(address).path.strip("/")
    if path in ("$cbs", "$management"):
        if attach.role:
            return ResponseLink(session, attach, node=path)
        return RequestLink(session, attach, node=path)
    if session.connection.broker.faults.mute == "attach":
        return None
    return _hub_link(session, attach, path)


def _hub_link(session: "Session", attach: Attach, path: str) -> Link:
    address = _HUB.fullmatch(path)
    name = address["hub"].lower() if address else ""
    hub = session.connection.broker.hubs.get(name)
    if address is None or hub is None:
        raise Refused(
            "amqp:not-found", f"The messaging entity {path!r} could not be found."
        )
    if name not in session.connection.authorized:
        raise Refused("amqp:unauthorized-access", f"Unauthorized access to {path!r}.")
    partition = address["partition"]
    if partition is not None and partition not in hub.partitions:
        raise Refused("amqp:not-found", f"There is no partition {partition!r}.")
    if not attach.role:
        return ProducerLink(session, attach, hub=hub, partition=partition)
    if partition is None:
        raise Refused("amqp:not-allowed", "A consumer reads from one partition.")
    return ConsumerLink(session, attach, partition=hub.partitions[partition])
