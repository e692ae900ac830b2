"""What stops the host from starting.

StartError
"""


class StartError(Exception):
    """Whoever starts the host sees its message, and nothing else."""
