"""`Process`: the standard one, which ends with its parent and says what it raised; `wait`."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from multiprocessing import connection, context
from multiprocessing.process import BaseProcess
from typing import Any

from allcores.multiprocessing.link import Link
from allcores.multiprocessing.trees import end_tree

__all__ = ["Process", "wait"]


class OurProcess(BaseProcess):
    """What our process classes, one for each start method, have in common; see `Process`."""

    _parent_pid: int  # set by the standard class, as _popen is
    _popen: Any
    _link: Link | None = None
    _outlive_parent = False
    _exception: BaseException | None = None

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
        outlive_parent: bool = False,
    ) -> None:
        super().__init__(group, target, name, args, kwargs or {}, daemon=daemon)
        self._outlive_parent = bool(outlive_parent)

    def start(self) -> None:
        """Start the child process; see `multiprocessing.Process.start`."""
        if self._link is not None:
            super().start()  # says what is wrong
            return
        self._link = Link(lifeline=not self._outlive_parent)
        try:
            super().start()
        except BaseException:
            self._link.close()
            self._link = None
            raise
        self._link.started()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the child has ended, or for `timeout` seconds."""
        super().join(timeout)
        self._settle()

    def close(self) -> None:
        """Release what the object holds, once the child has ended."""
        super().close()
        if self._link is not None:
            self._link.close()
            self._link = None

    def terminate_tree(self, grace: float = 5.0) -> None:
        """End the child and everything that it has started, and wait for it.

        Parameters
        ----------
        grace : float, default 5.0
            Seconds between SIGTERM, which all get at once, and SIGKILL for those that live.

        Raises
        ------
        ValueError
            It was not started, or `grace` is negative.

        Notes
        -----
        Processes that are started meanwhile are found too. One whose own parent had ended before is not
        (see allcores/multiprocessing/trees.py). On systems other than Linux only the child itself.
        """
        if not grace >= 0:
            raise ValueError(f"grace must be a number of seconds, zero or more, not {grace!r}")
        if self._popen is None:
            raise ValueError("this process was not started, or not by this process")
        if self.exitcode is None:
            if sys.platform == "linux":
                end_tree(self._popen.pid, grace)
            else:
                self.terminate()
                super().join(grace)
                self.kill()
        self.join()

    @property
    def exception(self) -> BaseException | None:
        """What the child raised, with its traceback as text in ``__cause__``.

        None while it runs, when it ended without an exception or by `sys.exit`, and when it was
        killed (see `exitcode`). An exception that cannot be pickled, or not be made again from its
        pickle, is an `allcores.errors.RemoteError` with its ``repr``.
        """
        self._settle()
        return self._exception

    def _settle(self) -> None:
        # In the parent, when the child has ended: reads the report once and closes the link.
        if self._link is None or self._parent_pid != os.getpid():
            return
        if self._popen is not None and self.exitcode is not None:
            link, self._link = self._link, None
            self._exception = link.collect()

    def _bootstrap(self, parent_sentinel: int | None = None) -> int:
        # In the child. What the standard method calls as self.run, it finds wrapped.
        link = self._link
        if link is not None:
            link.hold()
            run = self.run

            def run_and_report() -> None:
                try:
                    run()
                except SystemExit:
                    raise
                except BaseException as error:
                    link.report(error)
                    raise

            self.run = run_and_report  # type: ignore[method-assign]
        return super()._bootstrap(parent_sentinel)  # type: ignore[misc,no-any-return]


class Process(OurProcess, context.Process):
    """A child process: `multiprocessing.Process`, which ends with its parent.

    Parameters
    ----------
    group, target, name, args, kwargs, daemon
        As for `multiprocessing.Process`.
    outlive_parent : bool, default False
        Let the child go on when the parent is killed. Otherwise the kernel ends it with SIGKILL as
        soon as the parent is gone, however that ended. (A parent that ends by itself still waits
        for its children that are no daemons, as in the standard library.)

    Attributes
    ----------
    exception : BaseException or None
        What the child raised.

    Examples
    --------
    >>> from allcores import multiprocessing as mp
    >>> p = mp.get_context("fork").Process(target=int, args=("x",))  # doctest: +SKIP
    >>> p.start(); p.join(); p.exception  # doctest: +SKIP
    ValueError("invalid literal for int() with base 10: 'x'")
    """


def wait(processes: Sequence[BaseProcess], timeout: float | None = None) -> list[BaseProcess]:
    """Wait until at least one of several processes has ended.

    Parameters
    ----------
    processes : sequence of Process
        Each was started and not closed.
    timeout : float or None
        Seconds to wait at most; None: for ever; zero: only look.

    Returns
    -------
    list of Process
        Those that have ended, in the order of `processes`; empty if none has in time.
    """
    sentinels = [process.sentinel for process in processes]
    ready = set(connection.wait(sentinels, timeout))
    return [process for process, fd in zip(processes, sentinels, strict=True) if fd in ready]
