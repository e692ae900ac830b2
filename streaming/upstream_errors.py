"""What a model's provider can do wrong: the part of the tree in `streaming.errors` that
begins with `UpstreamError`."""

from streaming.errors import ChatError


class UpstreamError(ChatError):
    code, status, retryable = "upstream_error", 502, True
    says = "The model's provider failed."


class UpstreamAuth(UpstreamError):
    """The provider refused this server's credential; the caller's is not at fault."""

    code, retryable = "upstream_auth", False
    says = "The model's provider refused this server's credential."


class UpstreamForbidden(UpstreamAuth):
    says = "This server's identity may not use the model."


class SignInFailed(UpstreamAuth):
    says = "This server could not sign in to the model's provider."


class UpstreamRefused(UpstreamError):
    """The provider will not answer this server, whoever asks."""

    retryable = False
    says = "The model's provider refused to answer this server."


class UpstreamUnpaid(UpstreamRefused):
    says = "The model's provider wants to be paid by this server first."


class UpstreamMoved(UpstreamRefused):
    says = "The model's provider answered with a redirect, which is not followed."


class UpstreamUnreachable(UpstreamError):
    """There was no connection, so nothing was sent."""

    code = "upstream_unreachable"
    says = "The model's server cannot be reached."


class UpstreamLost(UpstreamError):
    says = "The connection to the model was lost."


class UpstreamIncomplete(UpstreamError):
    """The model's stream ended without a finish reason: it was cut."""

    code = "upstream_incomplete"
    says = "The model's answer broke off."


class UnreadableAnswer(UpstreamError):
    """The model's answer is not what the chain's parser reads."""

    says = "The chain cannot read the model's answer."


class UpstreamTimeout(ChatError):
    code, status, retryable = "upstream_timeout", 504, True
    says = "The model did not answer in time."


class UpstreamStall(UpstreamTimeout):
    code = "upstream_stall"
    says = "The model fell silent in the middle of its answer."


class ConnectTimeout(UpstreamTimeout):
    """No connection was made in time, so nothing was sent."""

    code = "upstream_unreachable"
    says = "The model's server could not be reached in time."
