"""Tokens: shared access signatures are checked, Entra ID's are only not empty.

See: https://learn.microsoft.com/rest/api/eventhub/generate-sas-token
"""

import base64
import hmac
import time
from urllib.parse import parse_qsl, quote_plus, urlsplit

KEY_NAME = "RootManageSharedAccessKey"


class Unauthorized(Exception):
    """The token does not allow what it was put for."""


def check(token: str, *, kind: object, audience: str, key: str) -> str:
    """The name of the event hub that *token* is good for, or `Unauthorized`."""
    match kind:
        case "servicebus.windows.net:sastoken":
            _check_signature(token, audience=audience, key=key)
        case "jwt":
            if not token:
                raise Unauthorized("MalformedToken: The token is empty.")
        case _:
            raise Unauthorized(f"MalformedToken: {kind!r} is no type of token.")
    # A producer's audience ends with the hub, a consumer's has more behind it.
    return urlsplit(audience).path.strip("/").split("/")[0].lower()


def _check_signature(token: str, *, audience: str, key: str) -> None:
    scheme, _, fields = token.partition(" ")
    signed = dict(parse_qsl(fields))
    if scheme != "SharedAccessSignature" or not {"sr", "se", "sig"} <= signed.keys():
        raise Unauthorized("MalformedToken: The token is no signature.")
    resource, expiry = signed["sr"], signed["se"]
    text = f"{quote_plus(resource)}\n{expiry}"
    digest = hmac.digest(key.encode(), text.encode(), "sha256")
    expected = base64.b64encode(digest).decode()
    if signed.get("skn") != KEY_NAME or signed["sig"] != expected:
        raise Unauthorized("InvalidSignature: The token has an invalid signature.")
    if resource != audience:
        raise Unauthorized("InvalidAudience: The token is for something else.")
    if int(expiry) < time.time():
        raise Unauthorized("ExpiredToken: The token is expired.")
