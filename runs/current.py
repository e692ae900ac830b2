"""Whose run this code is part of, for what knows only its own work."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="none")
"""For log lines: the id of the request whose answer is being made."""
