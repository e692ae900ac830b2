"""The partitions of the store in which something of a thread is kept."""

from collections.abc import Iterator
from hashlib import sha256
from uuid import NAMESPACE_OID, uuid5

MOST_GRAPHS = 8
"""Of a chain's graphs so many are looked for if the chain is not there any more."""


def key_of(owner: str, id: str) -> str:
    """A thread as a checkpointer knows it: no two owners' threads have the same."""
    return sha256(f"{owner}\0{id}".encode()).hexdigest()


def threads(owner: str) -> str:
    return f"threads-{owner}"


def titles(owner: str) -> str:
    return f"titles-{owner}"


def locks(owner: str) -> str:
    return f"locks-{owner}"


def notes(owner: str) -> str:
    return f"notes-{owner}"


def asked(owner: str) -> str:
    """What runs were asked that others may go on from, under the ids of the runs."""
    return f"asked-{owner}"


def failed_runs(key: str) -> str:
    """The ids of those runs that have left nothing on the thread but their logs."""
    return f"failed-{key}"


def checkpoints(thread: str) -> str:
    """A graph's state, of a *thread* as a checkpointer knows it."""
    return f"checkpoints-{thread}"


def graph_thread(key: str, number: int) -> str:
    """The thread of a chain's graph of that *number*, as a checkpointer knows it.

    LangGraph's server takes only UUIDs.
    """
    return str(uuid5(NAMESPACE_OID, f"{key}.{number}"))


def of_graphs(key: str) -> Iterator[str]:
    """Where the graphs of a chain keep their state, whatever chain it was."""
    return (checkpoints(graph_thread(key, number)) for number in range(MOST_GRAPHS))
