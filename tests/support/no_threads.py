"""Threads for a chain that is run without an app."""

from runs.threads import Threads
from store.memory import MemoryStore


def no_threads() -> Threads:
    return Threads(MemoryStore(), most=256, retention=600)
