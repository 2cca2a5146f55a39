"""How the command ends when it does not end well: each way has its exception and its exit code.

===  ========================================================================================
1    `Failure`: something that should have worked did not, for example two modes disagree
2    `UsageError`: the user can change it: an argument, a path
130  ``KeyboardInterrupt``: Ctrl-C; `Terminated` is any other signal, 128 and its number
141  ``BrokenPipeError``: whoever read the output has gone
===  ========================================================================================
"""

__all__ = ["Failure", "Terminated", "UsageError"]


class Failure(Exception):
    """The command cannot give what it was asked for. One line, exit code 1."""


class UsageError(Exception):
    """What the user wrote cannot be done. One line, exit code 2."""


class Terminated(BaseException):
    """A signal asked the command to end. Like ``KeyboardInterrupt``, it is no `Exception`."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
