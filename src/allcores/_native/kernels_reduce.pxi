# Included by kernels.pyx: one buffer in, one or two numbers out.

import warnings

from libc.math cimport NAN

from allcores._native.c_kernels cimport ac_minmax, ac_moments, ac_moments_of


cdef object number_of(ac_dtype dtype, ac_number value):
    if dtype == AC_F32 or dtype == AC_F64:
        return value.f64
    if dtype == AC_I8 or dtype == AC_I16 or dtype == AC_I32 or dtype == AC_I64:
        return value.i64
    return value.u64


cdef ac_dtype find_extremes(object x, object threads, str name, ac_number *least,
                            ac_number *most) except *:
    cdef ac_exec ex
    cdef Py_buffer view
    cdef ac_dtype dtype
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        if view.len == 0:
            raise ValueError(f"{name} of an empty buffer: x has no items, and needs one at least")
        with nogil:
            rc = ac_minmax(&ex, dtype, view.buf, length_of(&view), least, most)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return dtype


def min(x, *, threads=None):
    """Return the least number of a buffer.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment; not empty.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    int or float
        NaN if there is one in x, as ``numpy.min``. 0.0 and -0.0 are equal: which of them comes is
        the same for every number of threads and every processor.

    Raises
    ------
    TypeError, ValueError
        x is no such buffer; threads is no such number.
    MemoryError
        No room for 24 bytes for each MiB of x.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result is a number that x held. A forked child may call it as its parent.

    Examples
    --------
    >>> min(b"cab")
    97
    """
    cdef ac_number least
    cdef ac_dtype dtype = find_extremes(x, threads, "min", &least, NULL)
    return number_of(dtype, least)


def max(x, *, threads=None):
    """Return the greatest number of a buffer.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment; not empty.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    int or float
        NaN if there is one in x, as ``numpy.max``. 0.0 and -0.0 are equal: which of them comes is
        the same for every number of threads and every processor.

    Raises
    ------
    TypeError, ValueError, MemoryError, KeyboardInterrupt
        As `min`.

    Notes
    -----
    As `min`.

    Examples
    --------
    >>> max(b"cab")
    99
    """
    cdef ac_number most
    cdef ac_dtype dtype = find_extremes(x, threads, "max", NULL, &most)
    return number_of(dtype, most)


def minmax(x, *, threads=None):
    """Return the least and the greatest number of a buffer, read once.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment; not empty.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    tuple of two int or two float
        What `min` and `max` return.

    Raises
    ------
    TypeError, ValueError, MemoryError, KeyboardInterrupt
        As `min`.

    Notes
    -----
    As `min`.

    Examples
    --------
    >>> minmax(b"cab")
    (97, 99)
    """
    cdef ac_number least, most
    cdef ac_dtype dtype = find_extremes(x, threads, "minmax", &least, &most)
    return number_of(dtype, least), number_of(dtype, most)


cdef double rounded(ac_dtype dtype, double value) noexcept:
    return <double><float>value if dtype == AC_F32 else value


def mean(x, *, threads=None):
    """Return the arithmetic mean of a buffer of numbers.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    float
        The sum, added in float64 whatever the type, divided by the number of items; for float32
        rounded to float32 once. The same bits for every number of threads and every processor. NaN
        with a RuntimeWarning for an empty buffer, as ``numpy.mean``.

    Raises
    ------
    TypeError, ValueError
        x is no such buffer; threads is no such number.
    MemoryError
        No room for 24 bytes for each MiB of x.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result is of some mixture. Summation as in `sum`.

    Examples
    --------
    >>> mean(b"ab")
    97.5
    """
    cdef ac_exec ex
    cdef Py_buffer view
    cdef ac_dtype dtype
    cdef ac_moments moments
    cdef Py_ssize_t n
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    n = length_of(&view)
    try:
        with nogil:
            rc = ac_moments_of(&ex, dtype, view.buf, n, False, &moments)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    if n == 0:
        warnings.warn("mean of an empty buffer is NaN", RuntimeWarning)
        return NAN
    return rounded(dtype, moments.mean)


def var(x, *, ddof=0, threads=None):
    """Return the variance of a buffer of numbers.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment.
    ddof : float, optional
        The sum of squares is divided by the number of items less this: 0 for the variance of the
        items, 1 for an estimate from a sample.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    float
        The mean of the squared deviations from the mean, computed in float64 whatever the type; for
        float32 rounded to float32 once. The same bits for every number of threads and every
        processor. With no more items than ddof, NaN or infinity and a RuntimeWarning, as
        ``numpy.var``.

    Raises
    ------
    TypeError, ValueError
        x is no such buffer; ddof or threads is no such number.
    MemoryError
        No room for 24 bytes for each MiB of x.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result is of some mixture. Two passes over a block in the cache, blocks joined pairwise:
    Chan, Golub and LeVeque 1979.

    Examples
    --------
    >>> var(b"ac"), var(b"ac", ddof=1)
    (1.0, 2.0)
    """
    cdef ac_exec ex
    cdef Py_buffer view
    cdef ac_dtype dtype
    cdef ac_moments moments
    cdef double less = finite_number(ddof, "ddof")
    cdef double count
    cdef Py_ssize_t n
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    n = length_of(&view)
    try:
        with nogil:
            rc = ac_moments_of(&ex, dtype, view.buf, n, True, &moments)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    count = n - less
    if count <= 0 or n == 0:
        warnings.warn(f"var of {n} items with ddof={ddof}: no degrees of freedom", RuntimeWarning)
        if moments.deviations > 0:
            return INFINITY
        return NAN
    return rounded(dtype, moments.deviations / count)
