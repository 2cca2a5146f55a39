"""explain(): what allcores found on this machine, what it chose, and why."""

import multiprocessing
import os
import platform
import sysconfig
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from allcores._common.cpus import affinity_count, cgroup_quota, cpu_count
from allcores._common.env import read_simd, read_threads
from allcores._common.version import VERSION
from allcores._native.runtime import simd_path
from allcores.parallel.choice import choose_backend, gil_enabled

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """What `explain` found: facts as attributes, as items (``e["simd"]``) and, printed, as text.

    Attributes
    ----------
    version : str
        Of allcores.
    interpreter : str
        Its name and version.
    free_threaded_build : bool
        Whether the interpreter can run without a GIL.
    gil_enabled : bool
        Whether it runs with one now: an extension module that does not know free threading, or
        ``PYTHON_GIL=1``, turns it on in a build that can do without.
    cores_machine, cores_affinity : int
        Processors of the machine, and those that the scheduler may give this process.
    cores_quota : float or None
        The control group's CPU quota in processors; None: no limit.
    threads_variable : int or None
        ``ALLCORES_THREADS``.
    cores : int
        What follows from these, `allcores.cpu_count()`: threads or processes used by default.
    simd : str
        The instruction set that kernels use: ``portable avx2 avx512 neon``.
    simd_variable : str or None
        ``ALLCORES_SIMD``, which can only lower it.
    start_method : str
        How processes are started by default.
    map_python, map_python_reason : str
        Which workers `allcores.parallel.map` takes for a function written in Python, and why.
    map_kernels, map_kernels_reason : str
        The same for a kernel or another compiled function.
    """

    version: str
    interpreter: str
    free_threaded_build: bool
    gil_enabled: bool
    cores_machine: int
    cores_affinity: int
    cores_quota: float | None
    threads_variable: int | None
    cores: int
    simd: str
    simd_variable: str | None
    start_method: str
    map_python: str
    map_python_reason: str
    map_kernels: str
    map_kernels_reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return the facts as a new dict."""
        return asdict(self)

    def __getitem__(self, name: str) -> Any:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> tuple[str, ...]:
        """Return the names of the facts; with it, ``dict(explain())`` works."""
        return tuple(field.name for field in fields(self))

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.lines())
        return "\n".join(f"{name:{width}}  {text}" for name, text in self.lines())

    __repr__ = __str__

    def lines(self) -> list[tuple[str, str]]:
        """Return what is printed: pairs of a name and a text."""
        return [
            ("allcores", self.version),
            ("interpreter", self.interpreter),
            ("GIL", self._gil()),
            ("cores", self._cores()),
            ("SIMD", self._simd()),
            ("processes", f"start method {self.start_method}"),
            ("map, Python", f"{self.map_python}: {self.map_python_reason}"),
            ("map, kernels", f"{self.map_kernels}: {self.map_kernels_reason}"),
        ]

    def _gil(self) -> str:
        if not self.free_threaded_build:
            return "yes: one thread at a time runs Python; kernels run beside it"
        if not self.gil_enabled:
            return "none: threads run Python in parallel"
        return "turned on, although this build can do without (PYTHON_GIL, or an extension module)"

    def _cores(self) -> str:
        quota = "no quota" if self.cores_quota is None else f"quota {self.cores_quota:g}"
        text = f"{self.cores} used; machine {self.cores_machine}, affinity {self.cores_affinity}"
        text += f", {quota}"
        if self.threads_variable is not None:
            text += f", ALLCORES_THREADS={self.threads_variable}"
        return text

    def _simd(self) -> str:
        if self.simd_variable is None:
            return self.simd
        return f"{self.simd} (ALLCORES_SIMD={self.simd_variable})"


def explain() -> Explanation:
    """Say what was found on this machine, what was chosen, and why.

    Returns
    -------
    Explanation
        Prints as text; has the facts as attributes and items.

    Examples
    --------
    >>> import allcores
    >>> allcores.explain().gil_enabled  # doctest: +SKIP
    True
    """
    python = choose_backend(lambda: None)
    kernels = choose_backend(simd_path)
    return Explanation(
        version=VERSION,
        interpreter=f"{platform.python_implementation()} {platform.python_version()}",
        free_threaded_build=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        gil_enabled=gil_enabled(),
        cores_machine=os.cpu_count() or 1,
        cores_affinity=affinity_count(),
        cores_quota=cgroup_quota(),
        threads_variable=read_threads(),
        cores=cpu_count(),
        simd=simd_path(),
        simd_variable=read_simd(),
        start_method=multiprocessing.get_start_method(allow_none=True) or _default_start_method(),
        map_python=python.backend,
        map_python_reason=python.reason,
        map_kernels=kernels.backend,
        map_kernels_reason=kernels.reason,
    )


def _default_start_method() -> str:
    # The first is the default. get_start_method() would also fix it for the whole process.
    return multiprocessing.get_all_start_methods()[0]
