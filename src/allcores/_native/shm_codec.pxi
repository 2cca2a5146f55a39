# shm_codec.pxi - objects to bytes and back; a part of shm.pyx.
#
# A payload says by its kind how it is written. Small built-in values are written as they are, all
# else is a pickle of protocol 5 that honours the reducers registered with ForkingPickler.

cdef extern from "Python.h":
    int PyUnicode_IS_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    void *PyUnicode_1BYTE_DATA(object)
    object PyUnicode_DecodeASCII(const char *, Py_ssize_t, const char *)
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1

cdef object plain_dumps = pickle.dumps
cdef object loads = pickle.loads  # also ForkingPickler.loads
cdef object BytesIO = io.BytesIO

# How a payload is written. Parties are of one version (the region says so), so these may change.
cdef enum:
    KIND_PICKLE = 1
    KIND_NONE = 2
    KIND_TRUE = 3
    KIND_FALSE = 4
    KIND_INT = 5    # int64
    KIND_FLOAT = 6  # double
    KIND_BYTES = 7
    KIND_ASCII = 8  # str

cdef enum:
    PLAIN_NODES = 64    # arbitrary: past it the pickler's start costs little
    LARGE_COPY = 16384  # rule 2 of DESIGN.md: above it a copy runs detached


# -- objects to bytes -----------------------------------------------------------------------------

cdef struct message:
    uint32_t kind
    const void *data
    size_t bytes
    int64_t number
    double real


cdef bint is_plain(object obj, int *nodes) except -1:
    # Whether an object is built of exact built-in types only. For those the pickler consults no
    # reducer table, so that pickle.dumps gives what ForkingPickler gives, five times faster.
    nodes[0] -= 1
    if nodes[0] < 0:
        return False
    kind = type(obj)
    if obj is None or kind is int or kind is str or kind is float or kind is bool or kind is bytes:
        return True
    if kind is tuple:
        return are_plain(<tuple>obj, nodes)
    # A list or dict is looked at through a copy: without the GIL another thread may change it.
    if kind is list and len(<list>obj) <= nodes[0]:
        return are_plain(tuple(<list>obj), nodes)
    if kind is dict and 2 * len(<dict>obj) <= nodes[0]:
        return are_plain(tuple(<dict>obj), nodes) and are_plain(tuple((<dict>obj).values()), nodes)
    return False


cdef bint are_plain(tuple parts, int *nodes) except -1:
    for part in parts:
        if not is_plain(part, nodes):
            return False
    return True


cdef bytes pickled(object obj):
    cdef int nodes = PLAIN_NODES
    if is_plain(obj, &nodes):
        return plain_dumps(obj, 5)
    buffer = BytesIO()
    ForkingPickler(buffer, 5).dump(obj)
    return buffer.getvalue()


cdef object encode(object obj, message *m):
    # Returns what must stay alive while `m` is used.
    cdef int overflow = 0
    m.data = NULL
    m.bytes = 0
    kind = type(obj)
    if kind is int:
        m.number = PyLong_AsLongLongAndOverflow(obj, &overflow)
        if overflow == 0:
            m.kind = KIND_INT
            m.data = &m.number
            m.bytes = sizeof(m.number)
            return None
    elif kind is str:
        if PyUnicode_IS_ASCII(obj):
            m.kind = KIND_ASCII
            m.data = PyUnicode_1BYTE_DATA(obj)
            m.bytes = <size_t>PyUnicode_GET_LENGTH(obj)
            return obj
    elif kind is bytes:
        m.kind = KIND_BYTES
        m.data = PyBytes_AS_STRING(obj)
        m.bytes = <size_t>PyBytes_GET_SIZE(obj)
        return obj
    elif obj is None:
        m.kind = KIND_NONE
        return None
    elif kind is float:
        m.kind = KIND_FLOAT
        m.real = <double>obj
        m.data = &m.real
        m.bytes = sizeof(m.real)
        return None
    elif kind is bool:
        m.kind = KIND_TRUE if obj else KIND_FALSE
        return None
    data = pickled(obj)
    m.kind = KIND_PICKLE
    m.data = PyBytes_AS_STRING(data)
    m.bytes = <size_t>PyBytes_GET_SIZE(data)
    return data


# -- bytes to objects -----------------------------------------------------------------------------

cdef bytes bytes_of(const uint8_t *data, size_t n):
    cdef bytes result
    cdef char *target
    if n <= LARGE_COPY:
        return PyBytes_FromStringAndSize(<const char *>data, <Py_ssize_t>n)
    result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>n)
    target = PyBytes_AS_STRING(result)
    with nogil:  # nobody else has seen `result` yet
        memcpy(target, data, n)
    return result


cdef object decode(uint32_t kind, const uint8_t *data, size_t n, bytes whole):
    # `whole` is None, or a bytes object that is the payload and that nobody else has seen.
    cdef int64_t number
    cdef double real
    if kind == KIND_PICKLE:
        return loads(bytes_of(data, n) if whole is None else whole)
    if kind == KIND_INT and n == sizeof(number):
        memcpy(&number, data, sizeof(number))
        return number
    if kind == KIND_BYTES:
        return bytes_of(data, n) if whole is None else whole
    if kind == KIND_ASCII:
        return PyUnicode_DecodeASCII(<const char *>data, <Py_ssize_t>n, NULL)
    if kind == KIND_NONE:
        return None
    if kind == KIND_FLOAT and n == sizeof(real):
        memcpy(&real, data, sizeof(real))
        return real
    if kind == KIND_TRUE:
        return True
    if kind == KIND_FALSE:
        return False
    raise QueueCorrupted(f"a message of unknown kind {kind} came out of the queue")
