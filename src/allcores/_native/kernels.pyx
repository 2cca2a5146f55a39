"""The kernels: buffers in, buffers out, the interpreter let go for the whole run.

Every function holds the export of its buffers while it runs, so that nobody can resize them, and
calls one function of csrc/kernels. The public names and their manual are in allcores.kernels.
"""

import itertools
import sys

cimport cython
from cpython cimport array
from cpython.buffer cimport (
    PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_IsContiguous, PyBuffer_Release, PyObject_CheckBuffer,
    PyObject_GetBuffer,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsUnsignedLongLongMask
from libc.math cimport INFINITY, isfinite
from libc.stdint cimport INT64_MAX, UINT32_MAX, UINT64_MAX, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset, strchr

from allcores._native.c_kernels cimport (
    AC_F32, AC_F64, AC_I8, AC_I16, AC_I32, AC_I64, AC_PRIMES_MAX_STOP, AC_U8, AC_U16, AC_U32,
    AC_U64, ac_argsort, ac_crc32, ac_dtype, ac_i64_at, ac_mandelbrot, ac_mandelbrot_grid,
    ac_number, ac_primes, ac_primes_count, ac_primes_free, ac_primes_sieve, ac_primes_write,
    ac_sort, ac_sum, ac_text, ac_u32_at, ac_u64_at, ac_unique, ac_unique_find, ac_unique_free,
    ac_unique_size, ac_unique_write, ac_word, ac_words, ac_words_add,
    ac_words_count, ac_words_distinct, ac_words_free, ac_words_get, ac_words_new, ac_words_next,
    ac_words_of_length, ac_words_top, ac_words_total,
)
from allcores._native.c_sched cimport AC_EXEC_NOMEM, AC_VERSION, ac_exec
from allcores._native.runtime cimport runtime_exec, runtime_raise

from allcores._common.version import check_compiled

check_compiled(__name__, AC_VERSION.decode())

import array as _array

include "kernels_buffers.pxi"


# ---- numbers -------------------------------------------------------------------------------------

def sum(x, *, threads=None):
    """Return the sum of a buffer of numbers.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment. bytes and bytearray are buffers of uint8.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    int or float
        0 or 0.0 for an empty buffer. Integers wrap at 64 bits, signed or unsigned as x is, as
        ``numpy.sum`` does. float32 is summed in float64 and rounded to float32 once. Floats give
        the same bits for every number of threads and every processor.

    Raises
    ------
    TypeError, ValueError
        x is no such buffer; threads is no such number.
    MemoryError
        No room for 8 bytes for each MiB of x.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result is of some mixture. Pairwise summation over 32 lanes: Higham 1993.

    Examples
    --------
    >>> import array
    >>> sum(array.array("d", [0.5, 0.25]))
    0.75
    """
    cdef ac_exec ex
    cdef Py_buffer view
    cdef ac_dtype dtype
    cdef ac_number total
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        with nogil:
            rc = ac_sum(&ex, dtype, view.buf, length_of(&view), &total)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    if dtype == AC_F32 or dtype == AC_F64:
        return total.f64
    if dtype == AC_I8 or dtype == AC_I16 or dtype == AC_I32 or dtype == AC_I64:
        return total.i64
    return total.u64


include "kernels_reduce.pxi"
include "kernels_dot.pxi"
include "kernels_counts.pxi"
include "kernels_search.pxi"


def sort(x, *, out=None, threads=None):
    """Return the numbers of a buffer in ascending order.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64.
    out : buffer, optional
        Where to write: as many numbers of the same type, writable. ``out=x`` sorts in place; any
        other overlap is refused.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array
        out if given; else a new ndarray for an ndarray, a new array.array for anything else.
        NaNs come last. -0.0 comes before 0.0 (they are equal; a stable sort by value would keep
        their order, this one does not have to ask). NaNs among themselves are ordered by their
        bits.

    Raises
    ------
    TypeError, ValueError
        x or out is no such buffer; they overlap; threads is no such number.
    MemoryError
        No room for the result and the scratch: 1 byte for each number, in place as much as x more;
        at most 1 MB for numbers of 8 and 16 bits. In place, x is then unchanged.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread. In place, x may then hold anything.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result holds some of the old and the new numbers. Sample sort into ranges that fit the
    cache (Sanders and Winkel 2004), then quicksort with AVX-512 (Bramas 2017) or radix sort;
    numbers of 8 and 16 bits are counted.

    Examples
    --------
    >>> import array
    >>> sort(array.array("i", [3, 1, 2]))
    array('i', [1, 2, 3])
    """
    cdef ac_exec ex
    cdef Py_buffer view, out_view
    cdef ac_dtype dtype
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        if out is None:
            out = new_like(x, length_of(&view), dtype)
        get_out(out, &out_view, dtype, length_of(&view))
        try:
            if out_view.buf != view.buf and overlap(&view, &out_view):
                raise ValueError(
                    "out overlaps x in part; pass out=x to sort in place, or a buffer apart"
                )
            with nogil:
                rc = ac_sort(&ex, dtype, view.buf, out_view.buf, length_of(&view))
        finally:
            PyBuffer_Release(&out_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out


def argsort(x, *, out=None, threads=None):
    """Return the indices that would sort a buffer of numbers, stably.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64.
    out : buffer, optional
        Where to write: as many int64, writable, apart from x.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array
        int64 indices: out if given; else an ndarray for an ndarray, ``array.array("q")`` for
        anything else. Equal numbers keep their order; -0.0 and 0.0 are equal; NaNs come last, in
        their order. The same as ``numpy.argsort(x, kind="stable")``.

    Raises
    ------
    TypeError, ValueError
        x or out is no such buffer; they overlap; threads is no such number.
    MemoryError
        No room for the result and the scratch: 5 bytes for each number (9 from 2**32 numbers up).
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread. out may then hold anything.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result is a permutation all the same. As `sort`, with key and place packed in one word.

    Examples
    --------
    >>> import array
    >>> argsort(array.array("d", [0.5, -1.0, 0.5]))
    array('q', [1, 0, 2])
    """
    cdef ac_exec ex
    cdef Py_buffer view, out_view
    cdef ac_dtype dtype
    cdef Py_ssize_t n
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        n = length_of(&view)
        if out is None:
            out = new_indices(x, n)
        get_out(out, &out_view, AC_I64, n)
        try:
            if overlap(&view, &out_view):
                raise ValueError("out overlaps x; pass a buffer apart, or leave out= away")
            with nogil:
                rc = ac_argsort(&ex, dtype, view.buf, <ac_i64_at *>out_view.buf, n)
        finally:
            PyBuffer_Release(&out_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out


include "kernels_unique.pxi"


# ---- bytes ---------------------------------------------------------------------------------------

def crc32(data, value=0, *, threads=None):
    """Return the CRC-32 of a buffer's bytes: what ``zlib.crc32`` returns.

    Parameters
    ----------
    data : buffer
        C-contiguous, of any format and shape; its bytes count.
    value : int, optional
        The CRC-32 of what came before. Taken modulo 2**32, as zlib does.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    int
        From 0 to 2**32 - 1.

    Raises
    ------
    TypeError, ValueError
        data is no such buffer, value no int, or threads no such number.
    MemoryError
        No room for 4 bytes for each MiB of data.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. Carry-less multiplication (Gopal et al.
    2009) or eight tables (Kounavis and Berry 2005); pieces are joined modulo the polynomial.

    Examples
    --------
    >>> crc32(b"123456789")
    3421780262
    """
    cdef ac_exec ex
    cdef Py_buffer view
    cdef uint32_t crc
    cdef int rc
    if type(value) is not int:
        if not hasattr(value, "__index__"):
            raise TypeError(f"value must be an int, not {type(value).__name__}")
        value = value.__index__()
    crc = <uint32_t>PyLong_AsUnsignedLongLongMask(value)
    runtime_exec(&ex, threads)
    get_view(data, &view, "data")
    try:
        with nogil:
            rc = ac_crc32(&ex, <const uint8_t *>view.buf, view.len, &crc)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return crc


include "kernels_words.pxi"
include "kernels_grep.pxi"


# ---- pure computation ----------------------------------------------------------------------------

cdef int64_t whole_number(object value, str name, int64_t least, object most) except? -1:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = value.__index__()
    if not least <= number <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {number}")
    return number


cdef double finite_number(object value, str name) except? -1.0:
    cdef double number
    try:
        # float() would read text, too
        number = value
    except TypeError:
        raise TypeError(f"{name} must be a number, not {type(value).__name__}") from None
    if not isfinite(number):
        raise ValueError(f"{name} must be finite, not {number}")
    return number


cdef int get_image(object out, Py_buffer *view, int64_t width, int64_t height) except -1:
    # Fills *view, which the caller releases, with room for height rows of width uint32.
    get_view(out, view, "out")
    try:
        if view.readonly:
            raise ValueError("out is read-only; pass a writable buffer, or leave out= away")
        if dtype_of(view, "out") != AC_U32:
            raise TypeError(f"out must hold uint32, not {_NAMES[dtype_of(view, 'out')]}")
        shape = numbers_at(view.shape, view.ndim)
        if shape != (height, width) and shape != (width * height,):
            raise ValueError(
                f"out must have the shape {(height, width)} or {(width * height,)}, not {shape}"
            )
    except BaseException:
        PyBuffer_Release(view)
        raise
    return 0


def mandelbrot(width, height, *, xmin=-2.0, xmax=0.5, ymin=-1.25, ymax=1.25, max_iter=1000,
               out=None, threads=None):
    """Return how many steps each point of a grid takes to leave the Mandelbrot set's circle.

    Parameters
    ----------
    width, height : int
        Columns and rows, 0 or more.
    xmin, xmax, ymin, ymax : float, optional
        Column c stands at ``xmin + c * ((xmax - xmin) / width)``, row r likewise from ymin.
    max_iter : int, optional
        The most steps, 0 to 2**32 - 1.
    out : buffer, optional
        Where to write: writable uint32 of shape (height, width) or (height * width,).
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array
        Counts, row after row: out if given, else ``array.array("I")``. A point's count is the
        number of steps z = z*z + point, from 0, done while abs(z) <= 2; max_iter if it never left.
        The same for every number of threads and every processor.

    Raises
    ------
    TypeError, ValueError
        An argument is no such number or buffer.
    MemoryError
        No room for the result.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread, as long as max_iter is below 10**8.

    Notes
    -----
    Any thread may call it; the interpreter is released. Points inside the main cardioid and the
    circle left of it take no step; cycles are found as by Brent 1980.

    Examples
    --------
    >>> mandelbrot(3, 1, ymin=0.0, ymax=1.0, xmin=-1.0, xmax=2.0, max_iter=9)
    array('I', [9, 9, 3])
    """
    cdef ac_exec ex
    cdef ac_mandelbrot_grid grid
    cdef Py_buffer view
    cdef int rc
    grid.width = whole_number(width, "width", 0, INT64_MAX)
    grid.height = whole_number(height, "height", 0, INT64_MAX)
    grid.max_iter = <uint32_t>whole_number(max_iter, "max_iter", 0, UINT32_MAX)
    grid.xmin = finite_number(xmin, "xmin")
    grid.xmax = finite_number(xmax, "xmax")
    grid.ymin = finite_number(ymin, "ymin")
    grid.ymax = finite_number(ymax, "ymax")
    runtime_exec(&ex, threads)
    if (<object>grid.width) * grid.height > sys.maxsize // 8:
        raise MemoryError(f"no room for {grid.width} by {grid.height} counts")
    if out is None:
        out = new_array("I", grid.width * grid.height)
    get_image(out, &view, grid.width, grid.height)
    try:
        with nogil:
            rc = ac_mandelbrot(&ex, &grid, <ac_u32_at *>view.buf)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out


cdef uint64_t prime_limit(object value, str name) except? 0:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    number = value.__index__()
    if number > AC_PRIMES_MAX_STOP:
        raise ValueError(f"{name} must be at most 2**53, not {number}")
    return number if number > 0 else 0  # max() is the kernel here


def primes(start=None, stop=None, *, count=False, threads=None):
    """Return the primes below a number or between two, or how many there are.

    ``primes(stop)`` are those below stop, ``primes(start, stop)`` those from start on: as ``range``
    takes its arguments. Ranges that follow each other may be given to different processes.

    Parameters
    ----------
    start : int, optional
        The first number that may be among them.
    stop : int
        The first number after them, up to 2**53.
    count : bool, optional
        True to get only their number, which takes much less memory.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    array.array or int
        ``array.array("Q")``, upwards; with count=True their number.

    Raises
    ------
    TypeError, ValueError
        start, stop or threads is no such number.
    MemoryError
        No room for the result and the scratch: (stop - start) / 30 bytes, and with count=True only
        some 40 KB for each thread and 45 bytes for each prime below the root of stop.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread, as long as stop is below 10**13.

    Notes
    -----
    Any thread may call it; the interpreter is released. A segmented sieve of Eratosthenes on the
    wheel of 30 (Bays and Hudson 1977; Pritchard 1982). Each call finds the primes below the root of
    stop first, and each 7.8 million numbers cost a division for each of them: far up, ranges
    should be long.

    Examples
    --------
    >>> primes(12)
    array('Q', [2, 3, 5, 7, 11])
    >>> primes(10, 20)
    array('Q', [11, 13, 17, 19])
    >>> primes(10**6, count=True)
    78498
    """
    cdef ac_exec ex
    cdef ac_primes *found = NULL
    cdef uint64_t first, below
    cdef bint keep = not count
    cdef Py_buffer view
    cdef int rc
    if stop is None:
        if start is None:
            raise TypeError("primes() needs a stop: primes(stop), or primes(start, stop)")
        start, stop = 0, start
    first = 0 if start is None else prime_limit(start, "start")
    below = prime_limit(stop, "stop")
    runtime_exec(&ex, threads)
    with nogil:
        rc = ac_primes_sieve(&ex, first, below, keep, &found)
    runtime_raise(rc)
    try:
        if not keep:
            return ac_primes_count(found)
        out = new_array("Q", ac_primes_count(found))
        PyObject_GetBuffer(out, &view, PyBUF_STRIDES)
        try:
            with nogil:
                rc = ac_primes_write(found, &ex, <ac_u64_at *>view.buf)
        finally:
            PyBuffer_Release(&view)
    finally:
        ac_primes_free(found)
    runtime_raise(rc)
    return out
