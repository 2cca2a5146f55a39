# Included by kernels.pyx: which buffers the kernels take, and the errors for all others.

cdef object _NAMES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
                      "float32", "float64")
cdef const char *TYPECODES = b"bBhHiIqQfd"
cdef dict _TEMPLATES = {code: _array.array(code) for code in "bBhHiIlLqQfd"}


# What small calls need of NumPy (ndarray, empty, the dtypes by our numbers), filled when it is first asked
# for. A dict, because threads without a GIL may fill it at the same time.
cdef dict _NUMPY = {}


cdef bint is_ndarray(object x):
    # NumPy is never imported here: if it is not there yet, x is no ndarray.
    kind = _NUMPY.get("ndarray")
    if kind is None:
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return False
        kind = _NUMPY["ndarray"] = numpy.ndarray
    return isinstance(x, kind)


cdef object numpy_empty(Py_ssize_t n, object dtype):
    # After is_ndarray has said yes.
    empty = _NUMPY.get("empty")
    if empty is None:
        empty = _NUMPY["empty"] = sys.modules["numpy"].empty
    return empty(n, dtype)


cdef tuple numbers_at(Py_ssize_t *at, int count):
    # A loop: a list comprehension of Cython 3.3 frees an item twice when there is no memory for the list.
    cdef int i
    cdef list numbers = []
    for i in range(count):
        numbers.append(at[i])
    return tuple(numbers)


cdef inline bint is_plain(Py_buffer *view) noexcept:
    # A row of single letters, none left out: nearly every buffer, and no question to the interpreter.
    return (
        view.ndim == 1
        and view.strides != NULL
        and view.strides[0] == view.itemsize
        and view.suboffsets == NULL
        and (view.format == NULL
             or (view.format[0] != b"O" and (view.format[0] == 0 or view.format[1] == 0)))
    )


cdef int get_view(object x, Py_buffer *view, str name) except -1:
    # Fills *view, which the caller releases, with any buffer whose bytes lie together.
    if not PyObject_CheckBuffer(x):
        hint = ""
        if isinstance(x, str):
            hint = "; encode it first: text.encode()"
        elif isinstance(x, (list, tuple, range)):
            hint = "; make a buffer of it: array.array('d', numbers)"
        raise TypeError(
            f"{name} must be a buffer (bytes, bytearray, array.array, memoryview, mmap, "
            f"numpy.ndarray), not {type(x).__name__}{hint}"
        )
    PyObject_GetBuffer(x, view, PyBUF_FORMAT | PyBUF_STRIDES)
    if is_plain(view):
        return 0
    if view.format != NULL and strchr(view.format, b"O") != NULL:
        PyBuffer_Release(view)
        raise TypeError(f"{name} holds references to objects, not numbers or bytes")
    if not PyBuffer_IsContiguous(view, b"C"):
        strides = numbers_at(view.strides, view.ndim)
        PyBuffer_Release(view)
        raise ValueError(
            f"{name} must be C-contiguous; it has strides of {strides} bytes. "
            "Pass a copy: numpy.ascontiguousarray(x), or bytes(x)"
        )
    return 0


cdef inline int plain_dtype(Py_buffer *view) noexcept:
    # Of the formats that are one letter, which are nearly all; -1 for others, and for what is no number.
    if view.format == NULL:
        return -1
    cdef char letter = view.format[0]
    if letter == 0 or view.format[1] != 0:
        return -1
    if letter == b"d":
        return AC_F64 if view.itemsize == 8 else -1
    if letter == b"f":
        return AC_F32 if view.itemsize == 4 else -1
    if letter == b"B":
        return AC_U8 if view.itemsize == 1 else -1
    if letter == b"l" or letter == b"q" or letter == b"i":
        return AC_I64 if view.itemsize == 8 else AC_I32 if view.itemsize == 4 else -1
    if letter == b"L" or letter == b"Q" or letter == b"I":
        return AC_U64 if view.itemsize == 8 else AC_U32 if view.itemsize == 4 else -1
    return -1


cdef int dtype_of(Py_buffer *view, str name) except -1:
    # The letter says the kind, the item size the width: 'l' has 4 or 8 bytes.
    cdef char *letter = view.format
    cdef bint native = True
    cdef int kind = -1
    if letter == NULL:
        return AC_U8  # a buffer without a format is one of bytes
    if letter[0] == b"@" or letter[0] == b"=" or letter[0] == b"|":
        letter += 1
    elif letter[0] == b"<":
        native = sys.byteorder == "little" or view.itemsize == 1
        letter += 1
    elif letter[0] == b">" or letter[0] == b"!":
        native = sys.byteorder == "big" or view.itemsize == 1
        letter += 1
    if native and letter[0] != 0 and letter[1] == 0:
        if strchr(b"bhilqn", letter[0]) != NULL:
            kind = 0
        elif strchr(b"BHILQN", letter[0]) != NULL:
            kind = 1
        elif letter[0] == b"f" and view.itemsize == 4:
            return AC_F32
        elif letter[0] == b"d" and view.itemsize == 8:
            return AC_F64
    if kind >= 0:
        if view.itemsize == 1:
            return AC_U8 if kind else AC_I8
        if view.itemsize == 2:
            return AC_U16 if kind else AC_I16
        if view.itemsize == 4:
            return AC_U32 if kind else AC_I32
        if view.itemsize == 8:
            return AC_U64 if kind else AC_I64
    order = "" if native else " (not this machine's byte order: convert it, e.g. x.byteswap())"
    hint = "; a buffer of bools: view it as bytes, x.view('uint8')" if letter[0] == b"?" else ""
    raise TypeError(
        f"{name} has items of format {view.format.decode()!r}{order}; accepted are int8 to int64, "
        f"uint8 to uint64, float32 and float64 (formats b B h H i I l L q Q n N f d){hint}"
    )


cdef int get_numbers(object x, Py_buffer *view, ac_dtype *dtype, str name) except -1:
    # Fills *view, which the caller releases, with a one-dimensional buffer of numbers.
    cdef int plain
    get_view(x, view, name)
    if view.ndim == 1:
        plain = plain_dtype(view)
        if plain >= 0:
            dtype[0] = <ac_dtype>plain
            return 0
    try:
        if view.ndim != 1:
            shape = numbers_at(view.shape, view.ndim)
            raise ValueError(
                f"{name} must have one dimension, not {view.ndim} (shape {shape}); "
                "flatten it: x.reshape(-1), or memoryview(x).cast('B').cast(format)"
            )
        dtype[0] = <ac_dtype>dtype_of(view, name)
    except BaseException:
        PyBuffer_Release(view)
        raise
    return 0


cdef Py_ssize_t length_of(Py_buffer *view) noexcept nogil:
    return view.len // view.itemsize


cdef int get_out(object out, Py_buffer *view, ac_dtype dtype, Py_ssize_t n) except -1:
    # Fills *view, which the caller releases, with a writable buffer of n numbers of one type.
    cdef ac_dtype found
    get_numbers(out, view, &found, "out")
    try:
        if view.readonly:
            raise ValueError("out is read-only; pass a writable buffer, or leave out= away")
        if found != dtype:
            raise TypeError(f"out must hold {_NAMES[dtype]}, not {_NAMES[found]}")
        if length_of(view) != n:
            raise ValueError(f"out must have {n} items, not {length_of(view)}")
    except BaseException:
        PyBuffer_Release(view)
        raise
    return 0


cdef bint overlap(Py_buffer *a, Py_buffer *b) noexcept:
    cdef const char *a_lo = <const char *>a.buf
    cdef const char *b_lo = <const char *>b.buf
    return a.len > 0 and b.len > 0 and a_lo < b_lo + b.len and b_lo < a_lo + a.len


cdef object new_array(str typecode, Py_ssize_t n):
    return array.clone(_TEMPLATES[typecode], n, False)


cdef object new_like(object x, Py_ssize_t n, ac_dtype dtype):
    # A buffer of n numbers of the kind and type of x, uninitialised.
    if is_ndarray(x):
        return numpy_empty(n, x.dtype)
    typecode = x.typecode if isinstance(x, _array.array) else chr(TYPECODES[<int>dtype])
    return new_array(typecode, n)


cdef object new_numbers(object x, ac_dtype dtype, Py_ssize_t n):
    # n numbers of a type, uninitialised, of the kind of x: an ndarray for an ndarray.
    if not is_ndarray(x):
        return new_array(chr(TYPECODES[<int>dtype]), n)
    kind = _NUMPY.get(<int>dtype)
    if kind is None:
        kind = _NUMPY[<int>dtype] = sys.modules["numpy"].dtype(_NAMES[<int>dtype])
    return numpy_empty(n, kind)


cdef object new_indices(object x, Py_ssize_t n):
    # int64, of the kind of x, uninitialised.
    return new_numbers(x, AC_I64, n)
