# Included by kernels.pyx: numbers looked up among others.

from allcores._native.c_kernels cimport ac_searchsorted


cdef object one_number(object v, ac_dtype dtype):
    # A number as a buffer of one of a type.
    try:
        return _array.array(chr(TYPECODES[<int>dtype]), (v,))
    except (TypeError, OverflowError) as error:
        raise type(error)(
            f"v must be a buffer of {_NAMES[<int>dtype]} as x is, or one such number, not {v!r}"
        ) from None


def searchsorted(x, v, side="left", *, out=None, threads=None):
    """Return where numbers would have to be inserted in a sorted buffer to keep it sorted.

    Parameters
    ----------
    x : buffer
        Sorted upwards; one-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or
        float64, at any alignment.
    v : buffer or number
        What to look up: such a buffer of x's type, or one number that x could hold.
    side : {"left", "right"}, optional
        Before numbers that are equal, or behind them.
    out : buffer, optional
        Where to write: as many int64 as v has items, writable, apart from x and v.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array or int
        int64 from 0 to len(x): out if given; else an ndarray if v is one, ``array.array("q")`` for
        another buffer, an int for a number. NaNs are equal to each other and greater than all else,
        as in ``numpy.searchsorted``. If x is not sorted, the numbers mean nothing.

    Raises
    ------
    TypeError, ValueError, OverflowError
        x, v or out is no such thing; out overlaps x or v; threads is no such number.
    MemoryError
        No room for the result.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread. out may then hold anything.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes a buffer
    meanwhile, results are from 0 to len(x) all the same. Branchless binary searches side by side:
    Khuong and Morin 2017.

    Examples
    --------
    >>> import array
    >>> searchsorted(array.array("i", [1, 3, 3, 5]), array.array("i", [3, 6]))
    array('q', [1, 4])
    >>> searchsorted(array.array("i", [1, 3, 3, 5]), 3, "right")
    3
    """
    cdef ac_exec ex
    cdef Py_buffer view, v_view, out_view
    cdef ac_dtype dtype, v_dtype
    cdef bint right = side == "right"
    cdef bint single
    cdef int rc
    if not right and side != "left":
        raise ValueError(f"side must be 'left' or 'right', not {side!r}")
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        single = isinstance(v, (int, float)) or hasattr(v, "item") and not is_ndarray(v)
        if single:
            if out is not None:
                raise TypeError("out is for a buffer v; one number gives an int")
            v = one_number(v, dtype)
        get_numbers(v, &v_view, &v_dtype, "v")
        try:
            if v_dtype != dtype:
                raise TypeError(
                    f"v must hold {_NAMES[dtype]} as x does, not {_NAMES[v_dtype]}; convert one"
                )
            if out is None:
                out = new_numbers(v, AC_I64, length_of(&v_view))
            get_out(out, &out_view, AC_I64, length_of(&v_view))
            try:
                if overlap(&view, &out_view) or overlap(&v_view, &out_view):
                    raise ValueError("out overlaps x or v; pass a buffer apart")
                with nogil:
                    rc = ac_searchsorted(&ex, dtype, view.buf, length_of(&view), v_view.buf,
                                         length_of(&v_view), right, <ac_i64_at *>out_view.buf)
            finally:
                PyBuffer_Release(&out_view)
        finally:
            PyBuffer_Release(&v_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out[0] if single else out
