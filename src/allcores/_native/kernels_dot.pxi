# Included by kernels.pyx: the product of two buffers, and running sums.

from allcores._native.c_kernels cimport ac_cumsum, ac_dot


def dot(x, y, *, threads=None):
    """Return the sum of the products of two buffers of numbers, item by item.

    Parameters
    ----------
    x, y : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment; both of one type and length. They may be the same, or overlap.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    int or float
        0 or 0.0 for empty buffers. Integers wrap at the width of their type, as ``numpy.dot`` does.
        Floats give the same bits for every number of threads and every processor.

    Raises
    ------
    TypeError, ValueError
        x or y is no such buffer, or they differ; threads is no such number.
    MemoryError
        No room for 8 bytes for each 512 KiB of x.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x or y
    meanwhile, the result is of some mixture. Pairwise summation of 2048 products: Higham 1993.

    Examples
    --------
    >>> import array
    >>> dot(array.array("i", [1, 2, 3]), array.array("i", [4, 5, 6]))
    32
    """
    cdef ac_exec ex
    cdef Py_buffer x_view, y_view
    cdef ac_dtype dtype, y_dtype
    cdef ac_number result
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &x_view, &dtype, "x")
    try:
        get_numbers(y, &y_view, &y_dtype, "y")
        try:
            if y_dtype != dtype:
                raise TypeError(
                    f"y must hold {_NAMES[dtype]} as x does, not {_NAMES[y_dtype]}; convert one"
                )
            if y_view.len != x_view.len:
                raise ValueError(
                    f"y must have {length_of(&x_view)} items as x has, not {length_of(&y_view)}"
                )
            with nogil:
                rc = ac_dot(&ex, dtype, x_view.buf, y_view.buf, length_of(&x_view), &result)
        finally:
            PyBuffer_Release(&y_view)
    finally:
        PyBuffer_Release(&x_view)
    runtime_raise(rc)
    return number_of(dtype, result)


def cumsum(x, *, out=None, threads=None):
    """Return the running sums of a buffer of numbers.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment.
    out : buffer, optional
        Where to write: as many items of the type below, writable. ``out=x`` works where that is
        the type of x; any other overlap is refused.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array
        out if given; else a new ndarray for an ndarray, a new array.array for anything else: of
        int64 for signed integers and uint64 for unsigned ones, which wrap, as ``numpy.cumsum``; of
        x's type for floats. Item i is the sum of the first i + 1 items. float32 is added in
        float64. Floats have the same bits for every number of threads and every processor, and the
        sums of numbers that are not negative never fall.

    Raises
    ------
    TypeError, ValueError
        x or out is no such buffer; they overlap; threads is no such number.
    MemoryError
        No room for the result and 8 bytes for each 16,384 items.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread. out may then hold anything.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    the result is of some mixture. One pass with look-back: Merrill and Garland 2016; sums are
    taken over segments of 128 items, which are then added up.

    Examples
    --------
    >>> import array
    >>> cumsum(array.array("d", [0.5, 1.0, -2.0]))
    array('d', [0.5, 1.5, -0.5])
    """
    cdef ac_exec ex
    cdef Py_buffer view, out_view
    cdef ac_dtype dtype, wide
    cdef Py_ssize_t n
    cdef int rc
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        n = length_of(&view)
        wide = dtype
        if dtype == AC_I8 or dtype == AC_I16 or dtype == AC_I32:
            wide = AC_I64
        elif dtype == AC_U8 or dtype == AC_U16 or dtype == AC_U32:
            wide = AC_U64
        if out is None:
            out = new_numbers(x, wide, n)
        get_out(out, &out_view, wide, n)
        try:
            if overlap(&view, &out_view) and (out_view.buf != view.buf or wide != dtype):
                raise ValueError(
                    "out overlaps x; pass a buffer apart"
                    + (", or out=x to work in place" if wide == dtype else "")
                )
            with nogil:
                rc = ac_cumsum(&ex, dtype, view.buf, out_view.buf, n)
        finally:
            PyBuffer_Release(&out_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out
