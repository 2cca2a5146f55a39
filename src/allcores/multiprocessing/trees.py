"""End a process and everything that it has started: `Process.terminate_tree`.

A process is known by its pidfd from the moment it is found, so that a number that is given to another
process meanwhile is never signalled. Who starts processes while it is being ended is found by looking
again, until nothing new is there. A descendant whose own parent has ended already hangs on another tree
and is not found, unless it was seen before.
"""

import os
import select
import signal
import time

__all__ = ["end_tree"]


class _Tree:
    """The descendants of a process that have been found; each with its pidfd."""

    def __init__(self, root: int) -> None:
        self._fds: dict[int, int] = {}
        self._add(root)

    def __enter__(self) -> "_Tree":
        return self

    def __exit__(self, *exc: object) -> None:
        for fd in self._fds.values():
            os.close(fd)

    def _add(self, pid: int) -> bool:
        try:
            self._fds[pid] = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        return True

    def grow(self) -> list[int]:
        """Look once for descendants that are new; return them."""
        found = [
            pid
            for pid, parent in _parents().items()
            if parent in self._fds and pid not in self._fds and self._add(pid)
        ]
        # Between the look and the pidfd the number may have been given on: look once more.
        again = _parents() if found else {}
        new = []
        for pid in found:
            if again.get(pid) in self._fds:
                new.append(pid)
            else:
                os.close(self._fds.pop(pid))
        return new

    def send(self, pids: list[int], signum: int) -> None:
        for pid in pids:
            try:
                signal.pidfd_send_signal(self._fds[pid], signum)
            except ProcessLookupError:
                pass

    def living(self, timeout: float = 0.0) -> list[int]:
        """Wait until one more has ended or for `timeout` seconds; return who has not ended."""
        poll = select.poll()
        alive = dict(self._fds)
        for pid in list(alive):
            one = select.poll()
            one.register(alive[pid], select.POLLIN)
            if one.poll(0):
                del alive[pid]
            else:
                poll.register(alive[pid], select.POLLIN)
        if alive and timeout > 0:
            ended = {fd for fd, _ in poll.poll(timeout * 1000)}
            alive = {pid: fd for pid, fd in alive.items() if fd not in ended}
        return list(alive)

    @property
    def members(self) -> list[int]:
        return list(self._fds)


def _parents() -> dict[int, int]:
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    found[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                pass  # it has ended
    return found


def end_tree(root: int, grace: float) -> None:
    """Send SIGTERM to a process and its descendants, SIGKILL to those that live after `grace` seconds.

    Parameters
    ----------
    root : int
        The process; of the caller, so that its number is not given on.
    grace : float
        Seconds.
    """
    with _Tree(root) as tree:
        tree.grow()
        tree.send(tree.members, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while (alive := tree.living()) and (left := deadline - time.monotonic()) > 0:
            tree.send(tree.grow(), signal.SIGTERM)
            tree.living(min(left, 0.1))
        while alive:
            # Stopped first, so that none starts another: a look that finds nothing new is the last.
            tree.send(alive, signal.SIGSTOP)
            if tree.grow():
                alive = tree.living()
                continue
            tree.send(alive, signal.SIGKILL)
            alive = tree.living(0.1)
