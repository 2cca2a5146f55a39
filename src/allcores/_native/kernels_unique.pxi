# Included by kernels.pyx: the different numbers of a buffer, and how often each occurs.

def unique(x, *, return_counts=False, equal_nan=True, threads=None):
    """Return the different numbers of a buffer in ascending order.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment. bytes and bytearray are buffers of uint8.
    return_counts : bool, optional
        Whether to return as well how often each occurs.
    equal_nan : bool, optional
        Whether all NaNs are one number. With False each is one for itself.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array, or two of them
        The numbers: an ndarray for an ndarray, an array.array for anything else; of the type of
        x. With return_counts=True a tuple of them and of their counts, int64 (``array("q")``).
        NaNs come last. Of numbers that are equal and have different bits (-0.0 and 0.0, NaNs) the
        first in the order of `sort` is returned.

    Raises
    ------
    TypeError, ValueError
        x is no such buffer; threads is no such number.
    MemoryError
        No room for the result and the scratch: 16 MB for each thread where few numbers are
        different, 9 bytes for each number where many are, 1 MB for numbers of 8 and 16 bits.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result holds some of the old and the new numbers. The same for every number of threads.
    Counts in a table for numbers of 8 and 16 bits; in a hash table a thread (Knuth, volume 3, 6.4)
    where a sample shows few different numbers; else sorts, as `sort` does. After a fork the child
    starts threads of its own.

    Examples
    --------
    >>> import array
    >>> unique(array.array("i", [3, 1, 3]))
    array('i', [1, 3])
    >>> unique(array.array("i", [3, 1, 3]), return_counts=True)
    (array('i', [1, 3]), array('q', [1, 2]))
    """
    cdef ac_exec ex
    cdef Py_buffer view, numbers_view, counts_view
    cdef ac_dtype dtype
    cdef ac_unique *found = NULL
    cdef bint counted = return_counts
    cdef bint one_nan = equal_nan
    cdef ac_i64_at *counts_at = NULL
    cdef bint holds_counts = False
    cdef Py_ssize_t n
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        with nogil:
            rc = ac_unique_find(&ex, dtype, view.buf, length_of(&view), counted, one_nan, &found)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    try:
        n = ac_unique_size(found)
        numbers = new_like(x, n, dtype)
        counts = None
        PyObject_GetBuffer(numbers, &numbers_view, PyBUF_STRIDES)
        try:
            if counted:
                counts = new_indices(x, n)
                PyObject_GetBuffer(counts, &counts_view, PyBUF_STRIDES)
                holds_counts = True
                counts_at = <ac_i64_at *>counts_view.buf
            with nogil:
                rc = ac_unique_write(found, &ex, numbers_view.buf, counts_at)
        finally:
            PyBuffer_Release(&numbers_view)
            if holds_counts:
                PyBuffer_Release(&counts_view)
    finally:
        ac_unique_free(found)
    runtime_raise(rc)
    return (numbers, counts) if counted else numbers


def value_counts(x, *, equal_nan=True, threads=None):
    """Return the different numbers of a buffer in ascending order, and how often each occurs.

    ``value_counts(x)`` is ``unique(x, return_counts=True)``; see `unique` for all that is not said
    here.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64.
    equal_nan : bool, optional
        Whether all NaNs are one number. With False each is one for itself.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    tuple of two numpy.ndarray or array.array
        The numbers, of the type of x, and their counts, int64.

    Raises
    ------
    TypeError, ValueError, MemoryError, KeyboardInterrupt
        As `unique`.

    Notes
    -----
    Any thread may call it; the interpreter is released.

    Examples
    --------
    >>> value_counts(b"banana")
    (array('B', [97, 98, 110]), array('q', [3, 1, 2]))
    """
    return unique(x, return_counts=True, equal_nan=equal_nan, threads=threads)
