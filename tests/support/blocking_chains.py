"""Chains that block a thread until a test lets them go."""

import socket
from typing import Any

from langchain_core.runnables import RunnableLambda


def _wait(given: dict[str, Any]) -> str:
    """Connect to the port that is asked for, and wait until it is closed."""
    port = int(given["messages"][-1].content)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.recv(1)
    return "free"


blocking = RunnableLambda(_wait)
