# Included by kernels.pyx: numbers looked up among others.

from allcores._native.c_kernels cimport ac_isin, ac_searchsorted


cdef bint is_number(object v):
    # One number, also one of NumPy's.
    return isinstance(v, (int, float)) or hasattr(v, "item") and not is_ndarray(v)


cdef object one_number(object v, ac_dtype dtype, str name, str other):
    # A number as a buffer of one of a type.
    try:
        return _array.array(chr(TYPECODES[<int>dtype]), (v,))
    except (TypeError, OverflowError) as error:
        raise type(error)(
            f"{name} must be a buffer of {_NAMES[<int>dtype]} as {other} is, or one such number, "
            f"not {v!r}"
        ) from None


cdef int get_same_numbers(object v, Py_buffer *view, ac_dtype dtype, str name, str other) except -1:
    # Fills *view, which the caller releases, with a buffer of numbers of the type of another.
    cdef ac_dtype found
    get_numbers(v, view, &found, name)
    if found != dtype:
        PyBuffer_Release(view)
        raise TypeError(
            f"{name} must hold {_NAMES[dtype]} as {other} does, not {_NAMES[found]}; convert one"
        )
    return 0


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
    cdef ac_dtype dtype
    cdef bint right = side == "right"
    cdef bint single
    cdef int rc
    if not right and side != "left":
        raise ValueError(f"side must be 'left' or 'right', not {side!r}")
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        single = is_number(v)
        if single:
            if out is not None:
                raise TypeError("out is for a buffer v; one number gives an int")
            v = one_number(v, dtype, "v", "x")
        get_same_numbers(v, &v_view, dtype, "v", "x")
        try:
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


cdef object new_flags(object x, Py_ssize_t n):
    # n bytes for 0 and 1, of the kind of x: for an ndarray an ndarray of bools.
    return sys.modules["numpy"].empty(n, "?") if is_ndarray(x) else new_array("B", n)


cdef int get_flags(object out, Py_buffer *view, Py_ssize_t n) except -1:
    # Fills *view, which the caller releases, with a writable buffer of n bools or uint8.
    get_view(out, view, "out")
    try:
        if view.ndim != 1 or length_of(view) != n:
            shape = numbers_at(view.shape, view.ndim)
            raise ValueError(f"out must have the shape {(n,)}, not {shape}")
        if view.readonly:
            raise ValueError("out is read-only; pass a writable buffer, or leave out= away")
        if view.format != NULL and view.format[0] != b"?" and dtype_of(view, "out") != AC_U8:
            raise TypeError(f"out must hold bool or uint8, not {_NAMES[dtype_of(view, 'out')]}")
    except BaseException:
        PyBuffer_Release(view)
        raise
    return 0


def isin(element, test_elements, assume_unique=False, invert=False, *, kind=None, out=None,
         threads=None):
    """Return for each number of a buffer whether it occurs in another.

    Parameters
    ----------
    element : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment.
    test_elements : buffer or number
        What to look for: such a buffer of element's type, in any order, or one number that element
        could hold.
    assume_unique : bool, optional
        Taken because ``numpy.isin`` takes it; nothing here depends on it.
    invert : bool, optional
        True to get the opposite: whether it does not occur.
    kind : {None, "sort", "table"}, optional
        Taken because ``numpy.isin`` takes it; the way is chosen by the numbers.
    out : buffer, optional
        Where to write: as many bool or uint8 as element has numbers, writable, apart from both.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array
        out if given; else an ndarray of bool for an ndarray, ``array.array("B")`` of 0 and 1 for
        anything else. A NaN equals nothing, not even another; -0.0 and 0.0 are equal: as
        ``numpy.isin``.

    Raises
    ------
    TypeError, ValueError, OverflowError
        An argument is no such thing; out overlaps one of the buffers.
    MemoryError
        No room for the result or the scratch: up to 256 KB, or 16 to 64 bytes for each number of
        test_elements; from 32,768 of them on 4 MB at least, which the process keeps for the next
        call until the system runs short.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread. out may then hold anything.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes a buffer
    meanwhile, each answer is that of some moment. A forked child may call it as its parent. Up to
    16 numbers are compared with; a table of bits serves for small integers and those that lie close
    together, a hash table (Knuth, volume 3, 6.4) for all others.

    Examples
    --------
    >>> import array
    >>> isin(array.array("i", [1, 5, 3]), array.array("i", [3, 1]))
    array('B', [1, 0, 1])
    >>> isin(b"abc", 98, invert=True)
    array('B', [1, 0, 1])
    """
    cdef ac_exec ex
    cdef Py_buffer view, tests_view, out_view
    cdef ac_dtype dtype
    cdef bint inverted = invert
    cdef int rc
    if kind is not None and kind != "sort" and kind != "table":
        raise ValueError(f"kind must be None, 'sort' or 'table', not {kind!r}")
    runtime_exec(&ex, threads)
    get_numbers(element, &view, &dtype, "element")
    try:
        if is_number(test_elements):
            test_elements = one_number(test_elements, dtype, "test_elements", "element")
        get_same_numbers(test_elements, &tests_view, dtype, "test_elements", "element")
        try:
            if out is None:
                out = new_flags(element, length_of(&view))
            get_flags(out, &out_view, length_of(&view))
            try:
                if overlap(&view, &out_view) or overlap(&tests_view, &out_view):
                    raise ValueError("out overlaps element or test_elements; pass a buffer apart")
                with nogil:
                    rc = ac_isin(&ex, dtype, view.buf, length_of(&view), tests_view.buf,
                                 length_of(&tests_view), inverted, <uint8_t *>out_view.buf)
            finally:
                PyBuffer_Release(&out_view)
        finally:
            PyBuffer_Release(&tests_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out
