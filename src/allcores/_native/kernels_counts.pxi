# Included by kernels.pyx: how often numbers occur, by themselves or between edges.

from allcores._native.c_kernels cimport ac_bincount, ac_histogram, ac_histogram_edges


cdef int get_counts(object out, Py_buffer *view) except -1:
    # Fills *view, which the caller releases, with our own new buffer of int64.
    PyObject_GetBuffer(out, view, PyBUF_STRIDES)
    return 0


def bincount(x, *, minlength=0, threads=None):
    """Return how often each of 0, 1, 2, ... occurs in a buffer of integers.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64 or uint8 to uint64, at any alignment; none
        below 0.
    minlength : int, optional
        The least length of the result.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    numpy.ndarray or array.array
        int64 counts, as many as the greatest number of x plus one, or minlength if that is more: an
        ndarray for an ndarray, ``array.array("q")`` for anything else. As ``numpy.bincount``
        without weights.

    Raises
    ------
    TypeError, ValueError
        x is no such buffer, or holds a number below 0; minlength or threads is no such number.
    MemoryError
        No room for the result, or for as many tables as there are threads, each as large as it
        (four times as large up to 2047 counts). With fewer than eight items a count there is none.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    numbers that the result has no room for are left out. A forked child may call it as its parent.

    Examples
    --------
    >>> bincount(b"\\x01\\x03\\x01")
    array('q', [0, 2, 0, 1])
    """
    cdef ac_exec ex
    cdef Py_buffer view, out_view
    cdef ac_dtype dtype
    cdef ac_number least, most
    cdef int64_t bins = 0
    cdef bint is_signed
    cdef int rc = 0
    if minlength is not None and minlength != 0:
        bins = whole_number(minlength, "minlength", 0, INT64_MAX // 8)
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        if dtype == AC_F32 or dtype == AC_F64:
            raise TypeError(f"x must hold integers, not {_NAMES[dtype]}; convert them")
        if view.len > 0:
            with nogil:
                rc = ac_minmax(&ex, dtype, view.buf, length_of(&view), &least, &most)
            runtime_raise(rc)
            is_signed = dtype == AC_I8 or dtype == AC_I16 or dtype == AC_I32 or dtype == AC_I64
            if is_signed and least.i64 < 0:
                raise ValueError(f"x holds {least.i64}; numbers must be 0 or more")
            if most.u64 >= <uint64_t>(INT64_MAX // 8):
                high = <object>most.u64
                raise MemoryError(f"no room for the {high + 1} counts that a number {high} needs")
            if <int64_t>most.u64 >= bins:
                bins = <int64_t>most.u64 + 1
        out = new_numbers(x, AC_I64, bins)
        get_counts(out, &out_view)
        try:
            with nogil:
                rc = ac_bincount(&ex, dtype, view.buf, length_of(&view), bins,
                                 <int64_t *>out_view.buf)
        finally:
            PyBuffer_Release(&out_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    return out


cdef object equal_edges(ac_exec *ex, object x, Py_buffer *view, ac_dtype dtype, object bins,
                        object limits):
    # The edges of so many equal bins over a range, or from the least to the greatest number.
    cdef ac_number least, most
    cdef int64_t count = whole_number(bins, "bins", 1, INT64_MAX // 16)
    cdef double first = 0.0
    cdef double last = 1.0
    cdef bint narrow = False
    cdef bint good
    cdef Py_buffer edges_view
    cdef int64_t i
    cdef int rc
    if limits is not None:
        if not isinstance(limits, (tuple, list)) or len(limits) != 2:
            raise TypeError(f"range must be None or (first, last), not {limits!r}")
        first, last = finite_number(limits[0], "range[0]"), finite_number(limits[1], "range[1]")
        if first > last:
            raise ValueError(f"range must rise: its first, {first}, is more than its last, {last}")
    elif view.len > 0:
        with nogil:
            rc = ac_minmax(ex, dtype, view.buf, length_of(view), &least, &most)
        runtime_raise(rc)
        first, last = number_of(dtype, least), number_of(dtype, most)
        narrow = dtype == AC_F32
        if not isfinite(first) or not isfinite(last):
            raise ValueError(
                f"x goes from {first} to {last}, which no bins can cover; pass range=(first, last)"
            )
    if first == last:
        first, last = first - 0.5, last + 0.5
        if narrow:
            first, last = <float>first, <float>last
    edges = new_array("d", count + 1)
    PyObject_GetBuffer(edges, &edges_view, PyBUF_STRIDES)
    try:
        with nogil:
            good = ac_histogram_edges(first, last, count, narrow, <double *>edges_view.buf)
            if dtype == AC_F32 and not narrow:
                for i in range(count + 1):
                    (<double *>edges_view.buf)[i] = <float>(<double *>edges_view.buf)[i]
                for i in range(count):
                    if not (<double *>edges_view.buf)[i] < (<double *>edges_view.buf)[i + 1]:
                        good = False
    finally:
        PyBuffer_Release(&edges_view)
    if not good:
        raise ValueError(f"{count} bins from {first} to {last} are too many: some would be empty "
                         "ranges; pass fewer, or a wider range")
    return edges


cdef object given_edges(object bins):
    # The edges of a buffer as float64.
    cdef Py_buffer view
    cdef ac_dtype dtype
    get_numbers(bins, &view, &dtype, "bins")
    PyBuffer_Release(&view)
    edges = _array.array("d", memoryview(bins).tolist())
    if len(edges) < 2:
        raise ValueError(f"bins must be a number, or at least 2 edges, not {len(edges)}")
    for low, high in itertools.pairwise(edges):
        if not low <= high:
            raise ValueError(f"bins must be edges that rise; {high} comes after {low}")
    return edges


def histogram(x, bins=10, range=None, *, density=False, threads=None):
    """Return how many numbers of a buffer fall into each of many bins, and the bins' edges.

    Parameters
    ----------
    x : buffer
        One-dimensional, C-contiguous, of int8 to int64, uint8 to uint64, float32 or float64, at
        any alignment.
    bins : int or buffer, optional
        How many bins of equal width; or a buffer of their edges, which must not fall.
    range : (float, float), optional
        Where the equal bins begin and end; None takes the least and the greatest number of x. What
        lies outside is left out.
    density : bool, optional
        True to get the probability density in each bin instead of the count: the integral is 1.
    threads : int, optional
        At most this many threads, the caller included; None takes ``allcores.cpu_count()``.

    Returns
    -------
    counts : numpy.ndarray or array.array
        int64, or float64 with density: ndarrays for an ndarray, array.array for anything else.
    edges : numpy.ndarray or array.array
        bins + 1 of float64, or of float32 for equal bins of float32; `bins` itself if it was edges.
        A bin holds what is at its lower edge and above, up to below its upper edge; the last one
        its upper edge too. NaNs are in no bin. All this as ``numpy.histogram`` without weights.

    Raises
    ------
    TypeError, ValueError
        x or bins is no such thing; x holds NaN or an infinity and there is no range; bins are so
        many that floats cannot tell their edges apart.
    MemoryError
        No room for the result, or for as many tables as there are threads.
    KeyboardInterrupt
        Within 100 ms of Ctrl-C, in the main thread.

    Notes
    -----
    Any thread may call it; the interpreter is released. If another thread changes x meanwhile,
    each number counts as it was at some moment. A forked child may call it as its parent.

    Examples
    --------
    >>> import array
    >>> counts, edges = histogram(array.array("d", [0.0, 1.0, 1.5, 4.0]), 2)
    >>> counts.tolist(), edges.tolist()
    ([3, 1], [0.0, 2.0, 4.0])
    """
    cdef ac_exec ex
    cdef Py_buffer view, edges_view, out_view
    cdef ac_dtype dtype
    cdef bint equal = hasattr(bins, "__index__") and not is_ndarray(bins)
    cdef int64_t count
    cdef int rc
    if not equal and not PyObject_CheckBuffer(bins):
        raise TypeError(f"bins must be an int or a buffer of edges, not {type(bins).__name__}")
    runtime_exec(&ex, threads)
    get_numbers(x, &view, &dtype, "x")
    try:
        if not equal:
            if range is not None:
                raise ValueError("range has no meaning when bins are edges; leave it out")
            edges = given_edges(bins)
        else:
            edges = equal_edges(&ex, x, &view, dtype, bins, range)
        count = len(edges) - 1
        out = new_numbers(x, AC_I64, count)
        PyObject_GetBuffer(edges, &edges_view, PyBUF_STRIDES)
        try:
            get_counts(out, &out_view)
            try:
                with nogil:
                    rc = ac_histogram(&ex, dtype, view.buf, length_of(&view),
                                      <const double *>edges_view.buf, count, equal,
                                      <int64_t *>out_view.buf)
            finally:
                PyBuffer_Release(&out_view)
        finally:
            PyBuffer_Release(&edges_view)
    finally:
        PyBuffer_Release(&view)
    runtime_raise(rc)
    if not equal:
        shown = bins
    elif is_ndarray(x):
        shown = sys.modules["numpy"].array(edges, _NAMES[AC_F32 if dtype == AC_F32 else AC_F64])
    else:
        shown = _array.array("f", edges) if dtype == AC_F32 else edges
    if not density:
        return out, shown
    total = sum(out)
    shares = new_numbers(x, AC_F64, count)
    for at, (low, high) in enumerate(itertools.pairwise(edges)):
        step = high - low
        if equal and dtype == AC_F32:
            step = <double><float>step  # as the difference of two float32
        shares[at] = out[at] / (step * total) if step and total else NAN
    return shares, shown
