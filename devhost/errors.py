"""What stops the host from starting.

StartError
"""


class StartError(Exception):
    """The message is all that the operator sees."""
