"""What ends a benchmark."""


class BenchError(Exception):
    """A server did not start, or an answer was not whole; the message says which."""
