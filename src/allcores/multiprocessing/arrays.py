"""`SharedArray`: an array in shared memory, for whoever takes a buffer, and an ndarray with NumPy."""

import struct
from multiprocessing import context
from multiprocessing.reduction import DupFd
from typing import TYPE_CHECKING, Any

from allcores._native.shm_sync import ArrayMemory

if TYPE_CHECKING:
    from multiprocessing.context import BaseContext

__all__ = ["SharedArray"]

_KINDS: dict[Any, str] = {int: "q", float: "d", bool: "?"}
_SIMPLE = frozenset("?bBhHiIlLqQfd")


class SharedArray(ArrayMemory):
    """An array between processes, in memory of its own; filled with zeros.

    Parameters
    ----------
    shape : int or tuple of int
        Lengths; at most 32 dimensions.
    dtype : default "d"
        A format character of `struct`, such as ``"d"`` or ``"q"``; ``int``, ``float`` or ``bool``; or,
        with NumPy, anything that `numpy.dtype` takes and a buffer can say.
    ctx : BaseContext
        The context that it belongs to; not used.

    Attributes
    ----------
    array : numpy.ndarray
        The memory as an ndarray; needs NumPy.
    shape, itemsize, nbytes, format
        As of a `memoryview`.

    Raises
    ------
    MemoryError
        There is no memory for it: now, and not when it is written to.

    Notes
    -----
    It has a buffer, so that `memoryview`, `numpy.asarray` and our kernels take it; ``a[i]`` is the
    memoryview's. The memory stays mapped in a process until the last view of it is gone, also when
    the SharedArray itself is, and is freed with the last process that has it; it has no name. Elements
    are not locked: several processes that write the same one need a lock of their own. It reaches
    children by inheritance or as an argument of a `Process`.

    Examples
    --------
    >>> from allcores import multiprocessing as mp
    >>> a = mp.SharedArray(3, "q")
    >>> a[1] = 7
    >>> a.tolist()
    [0, 7, 0]
    """

    def __init__(
        self, shape: int | tuple[int, ...], dtype: Any = "d", *, ctx: "BaseContext | None" = None
    ) -> None:
        self._dtype, form, itemsize = _described(dtype)
        super().__init__(shape, form, itemsize)

    def __reduce__(self) -> tuple[Any, ...]:
        context.assert_spawning(self)
        about = (self.shape, self.format, self.itemsize)
        return _array_again, (type(self), DupFd(self._fileno()), *about), self.__dict__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape}, {str(self._dtype)!r})"

    @property
    def dtype(self) -> Any:
        """The type of an element: as NumPy has it if it was given so, else its format character."""
        return self._dtype

    @property
    def array(self) -> Any:
        """The memory as an ndarray, which keeps it mapped."""
        import numpy

        view: Any = self
        return numpy.ndarray(self.shape, numpy.dtype(self._dtype), buffer=view)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        found = self.array
        if dtype is not None and found.dtype != dtype:
            if copy is False:
                raise ValueError(f"elements of {found.dtype} do not become {dtype} without a copy")
            return found.astype(dtype)
        return found.copy() if copy else found

    def __len__(self) -> int:
        return len(memoryview(self))

    def __getitem__(self, key: Any) -> Any:
        return memoryview(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        memoryview(self)[key] = value

    def tolist(self) -> Any:
        """Return the elements as a list, of lists where there are more dimensions."""
        return memoryview(self).tolist()


def _described(dtype: Any) -> tuple[Any, str, int]:
    dtype = _KINDS.get(dtype, dtype) if isinstance(dtype, type) else dtype
    if isinstance(dtype, str) and dtype in _SIMPLE:
        return dtype, dtype, struct.calcsize(dtype)
    try:
        import numpy
    except ImportError:
        raise TypeError(
            f"dtype {dtype!r} is none of {''.join(sorted(_SIMPLE))}; others need NumPy, "
            "which is not installed"
        ) from None
    kind = numpy.dtype(dtype)
    if kind.hasobject:
        raise TypeError(f"objects cannot lie in shared memory: dtype {kind}")
    one: Any = numpy.empty(1, kind)
    try:
        return kind, memoryview(one).format, kind.itemsize
    except (ValueError, BufferError):
        raise TypeError(
            f"a buffer cannot say what dtype {kind} is; use its bytes or integers"
        ) from None


def _array_again(
    cls: type[SharedArray], fd: Any, shape: tuple[int, ...], form: str, itemsize: int
) -> SharedArray:
    array = cls.__new__(cls)
    array._attach(fd.detach(), shape, form, itemsize)
    return array
