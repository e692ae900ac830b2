"""How large a request may be, how many may be open, and how long each may take."""

from pydantic import BaseModel

from settings.kinds import Count, Seconds


class LimitSettings(BaseModel):
    max_request_bytes: Count = 4 * 1024 * 1024
    max_proxy_request_bytes: Count = 32 * 1024 * 1024
    max_arriving_bytes: Count = 256 * 1024 * 1024
    max_messages: Count = 256
    max_concurrent_streams: Count = 200

    first_token_peek_seconds: Seconds = 3
    keepalive_seconds: Seconds = 15
    body_timeout_seconds: Seconds = 30
    connect_timeout_seconds: Seconds = 5
    first_token_timeout_seconds: Seconds = 230
    stall_timeout_seconds: Seconds = 60
    request_deadline_seconds: Seconds = 280
