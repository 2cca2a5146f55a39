"""What Linux can be asked, elsewhere: answers that let the command go on without it."""

__all__ = ["adopt_orphans", "cpu_seconds_of", "end_with_parent"]


def adopt_orphans(adopt: bool) -> bool:
    """Do nothing: orphans go to the system's first process, which waits for them."""
    return False


def end_with_parent(signal_number: int, parent: int) -> None:
    """Do nothing: a command that is killed outright leaves the measurement to end by itself."""


def cpu_seconds_of(pid: int) -> float:
    """Return 0: a child's processor time is known only when it has ended."""
    return 0.0
