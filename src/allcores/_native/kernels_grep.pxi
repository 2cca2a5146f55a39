# Included by kernels.pyx: one run of bytes in another.

from allcores._native.c_kernels cimport ac_grep_count


def grep_count(data, pattern, *, threads=None):
    """Return how often a run of bytes occurs in a buffer, without overlaps.

    Parameters
    ----------
    data : buffer
        C-contiguous, of any format and shape; its bytes count.
    pattern : buffer
        Such a buffer of one byte at least: a literal, no regular expression.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``. A
        pattern that can overlap itself (one that ends as it begins, such as ``b"abca"``) is
        searched for in one thread.

    Returns
    -------
    int
        What ``bytes(data).count(pattern)`` returns: occurrences are taken from the left, each after
        the end of the last.

    Raises
    ------
    TypeError, ValueError
        data or pattern is no such buffer; threads is no such number.
    MemoryError
        No room for 8 bytes for each byte of the pattern.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread, as long as the pattern has less than 10 MB.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes a buffer
    meanwhile, the result is of some mixture. The first and last byte are compared with vectors;
    where that finds too much, Knuth, Morris and Pratt 1977.

    Examples
    --------
    >>> grep_count(b"to be or not to be", b"to")
    2
    """
    cdef ac_exec ex
    cdef Py_buffer view, pattern_view
    cdef int64_t count
    cdef int rc
    runtime_exec(&ex, threads)
    get_view(data, &view, "data")
    try:
        get_view(pattern, &pattern_view, "pattern")
        try:
            if pattern_view.len == 0:
                raise ValueError("pattern must have one byte at least; it has none")
            with nogil:
                rc = ac_grep_count(&ex, <const uint8_t *>view.buf, view.len,
                                   <const uint8_t *>pattern_view.buf, pattern_view.len, &count)
        finally:
            PyBuffer_Release(&pattern_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return count
